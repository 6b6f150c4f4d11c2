import { requireUnique } from '../../fields/check-values.ts';
import type { Changed } from '../../import/moves.ts';
import { type Queryable, statement } from '../../store/statement.ts';
import { GroupsError } from '../errors.ts';
import type { ToldChanges } from '../facts.ts';
import type { Changes } from '../store.ts';
import { groupOf, type Row, rowColumns, rowOf, writtenOf } from './rows.ts';
import { idIn } from './select.ts';
import type { Words } from './words.ts';

/** All writes of a service of groups, as the statements of one table. Each says which groups it has changed. */
export function changesOf<Tx extends Queryable>(table: string, words: Words<Tx>) {
  const find = statement<Row, [string]>(
    `${table}_find`,
    `select ${rowColumns.join(', ')} from ${table} where id = ? ${words.forUpdate}`,
  );
  const childIds = statement<{ id: string }, [string]>(
    `${table}_children`,
    `select id from ${table} where parent_id = ?`,
  );
  const line = statement<{ id: string }, [string]>(
    `${table}_line`,
    `with recursive line as (
       select id, parent_id from ${table} where id = ?
       union select above.id, above.parent_id from ${table} as above join line on above.id = line.parent_id
     ) select id from line`,
  );
  const holder = statement<{ id: string }, [string, string, string]>(
    `${table}_holder`,
    `select id from ${table} where ${words.holdsValue} and id <> ? limit 1`,
  );
  const setValues = statement<object, [string, string]>(
    `${table}_set_values`,
    `update ${table} set field_values = ? where id = ?`,
  );
  const remove = statement<object, [string]>(`${table}_delete`, `delete from ${table} where id = ?`);

  const orTaken = async (write: Promise<unknown>): Promise<void> => {
    try {
      await write;
    } catch (error) {
      if (!words.isSlugTaken(error, table)) throw error;
      throw new GroupsError('slug_taken', { detail: 'The data.slug field is already taken.', source: 'data.slug' });
    }
  };

  return (tx: Tx, changed: Changed, told: ToldChanges): Changes => ({
    replies: words.replies.of(tx),
    find: async (id) => {
      const [row] = await tx.query(find, [id]);
      return row && groupOf(row);
    },
    lockFamily: () => words.lock(tx, 'family_lock'),
    existing: async (ids) => {
      if (ids.length === 0) return new Set();
      const { text, values } = idIn(ids);
      const found = statement<{ id: string }, unknown[]>(`${table}_existing`, `select id from ${table} where ${text}`);
      return new Set((await tx.query(found, values)).map(({ id }) => id));
    },
    childrenOf: async (id) => (await tx.query(childIds, [id])).map((row) => row.id),
    lineOf: async (id) => (await tx.query(line, [id])).map((row) => row.id),
    insert: async (group) => {
      const row = rowOf(group);
      const names = Object.keys(row);
      const text = `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`;
      await orTaken(tx.run(statement<object, unknown[]>(`${table}_insert`, text), Object.values(row)));
      told.add([group.id], 'created', await changed(group.id));
    },
    update: async (group) => {
      const row = writtenOf(group);
      const set = Object.keys(row).map((name) => `${name} = ?`);
      const text = `update ${table} set ${set.join(', ')} where id = ?`;
      await orTaken(tx.run(statement<object, unknown[]>(`${table}_update`, text), [...Object.values(row), group.id]));
      told.add([group.id], 'updated', await changed(group.id));
    },
    setParent: async (ids, parentId, updatedAt) => {
      if (ids.length === 0) return;
      const { text, values } = idIn(ids);
      const set = `update ${table} set parent_id = ?, updated_at_us = coalesce(?, updated_at_us) where ${text}`;
      await tx.run(statement<object, unknown[]>(`${table}_set_parent`, set), [parentId, updatedAt, ...values]);
      told.add(ids, 'updated', await changed(ids));
    },
    setValues: async (id, values, given, fields) => {
      if (fields.some((field) => field.unique && given.has(field.id))) await words.lock(tx, 'field_lock');
      await requireUnique(fields, given, async (field, value) => {
        return (await tx.query(holder, [`$."${field.id}"`, JSON.stringify(value), id])).length > 0;
      });
      await tx.run(setValues, [JSON.stringify(values), id]);
      told.add([id], 'updated', await changed(id));
    },
    delete: async (id) => {
      await tx.run(remove, [id]);
      told.add([id], 'deleted', await changed(id, { deleted: true }));
    },
  });
}
