import type { Micros } from '../../api/timestamps.ts';
import type { AppliedChange, MovedResource } from '../../import/moved-resource.ts';
import { replyIn } from '../../once/reply-state.ts';
import { type Queryable, statement } from '../../store/statement.ts';
import type { GroupKind } from '../kind.ts';
import { GroupState, groupIn, stateOf } from '../state.ts';
import { groupOf, type Row, rowColumns, rowOf } from './rows.ts';
import type { Words } from './words.ts';

const columns = [
  ...(['id', 'parent_id', 'name', 'name_key', 'slug', 'slug_key', 'slug_held', 'description'] as const),
  ...(['description_key', 'status', 'created_at_us', 'updated_at_us', 'field_values'] as const),
];

/**
 * How groups move between the system that had them before and this service. Transitional.
 *
 * @param now in microseconds: replies are kept for a day
 */
export function groupsImport<Tx extends Queryable>(
  { plural: table }: GroupKind,
  words: Words<Tx>,
  now: () => Micros,
): MovedResource<Tx, GroupState> {
  const remove = statement<object, [string]>(`${table}_import_remove`, words.deleteOf(table, 'id'));
  const setAside = statement<object, [string]>(`${table}_import_set_aside`, words.setAside(table));
  const put = statement<object, unknown[]>(
    `${table}_import_put`,
    `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
     ${words.orReplace(columns)}`,
  );
  const read = statement<Row, [string]>(
    `${table}_import_read`,
    `select ${rowColumns.map((name) => `${table}.${name}`).join(', ')}
     from ${words.idsAs('incoming')} ${words.join} ${table} on ${table}.id = incoming.id`,
  );
  const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
    `${table}_import_keys`,
    `select id from ${table} where id > ? and (? is null or id <= ?) order by id limit ?`,
  );
  const displaced = statement<{ count: number }>(
    `${table}_import_displaced`,
    `select count(*) as count from ${table} where slug_held is null`,
  );

  /** Replies of a group that is gone stay: each has a lifetime of its own. */
  const keepReplies = async (tx: Tx, changes: readonly AppliedChange<GroupState>[]) => {
    const replies = changes.flatMap(({ key, state }) => (state?.replies ?? []).map((reply) => ({ key, reply })));
    // In one order, so that two at once do not wait for each other.
    replies.sort((a, b) => (a.reply.hash < b.reply.hash ? -1 : 1));
    for (const { key, reply } of replies) await words.replies.of(tx).keep(replyIn(reply), key);
  };

  return {
    ...{ name: table, group: table },
    schema: GroupState,
    apply: async (tx, changes) => {
      const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
      const present = changes.flatMap(({ key, state }) => (state === null ? [] : [rowOf(groupIn(key, state))]));
      if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
      if (present.length === 0) return;
      const slugs = present.map(({ id, slug_held }) => ({ id, slug_held: slug_held.toString('hex') }));
      await tx.run(setAside, [JSON.stringify(slugs)]);
      await words.runMany(
        tx,
        put,
        present.map((row) => columns.map((name) => row[name])),
      );
      await keepReplies(tx, changes);
    },
    read: async (tx, ids) => {
      if (ids.length === 0) return new Map();
      const rows = await tx.query(read, [JSON.stringify(ids)]);
      const replies = await words.replies.of(tx).ofOwners(ids, now());
      return new Map(rows.map((row) => [row.id, stateOf(groupOf(row), replies.get(row.id) ?? [])]));
    },
    keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
    displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
  };
}
