import Type, { type Static } from '../../../vendor/typebox.js';
import { Moment, microsIn, momentOf } from '../../import/moment.ts';
import type { MovedResource } from '../../import/moved-resource.ts';
import { type Queryable, statement } from '../../store/statement.ts';
import { type GroupKind, linksOf } from '../kind.ts';
import { Id } from '../state.ts';
import { linksTable } from './links.ts';
import type { Words } from './words.ts';

const common = Type.Object({ status: Type.Enum(['live', 'draft']), created_at: Moment });

interface Row {
  member_id: string;
  group_id: string;
  status: 'live' | 'draft';
  created_at_us: number;
}

/**
 * How links come from their owner, which stays their only writer. One aggregate is a member with its links: its status and
 * creation, and the ids of groups in bytewise order, under the plural of the kind. Transitional.
 */
export function linksImport<Tx extends Queryable>(kind: GroupKind, words: Words<Tx>): MovedResource<Tx> {
  const { table, group, member } = linksTable(kind);
  const { plural } = kind;
  const name = linksOf(kind);
  const groupIds = Type.Array(Id, { minItems: 1 });
  const stateOf = (rows: readonly Row[]) => {
    const [{ status = 'draft', created_at_us = 0 } = {}] = rows;
    return { status, created_at: momentOf(created_at_us), [plural]: rows.map((row) => row.group_id) };
  };
  const remove = statement<object, [string]>(`${plural}_links_remove`, words.deleteOf(table, member));
  const put = statement<object, [string, string, string, number]>(
    `${plural}_links_put`,
    `insert into ${table} (${member}, ${group}, status, created_at_us) values (?, ?, ?, ?)`,
  );
  const read = statement<Row, [string]>(
    `${plural}_links_read`,
    `select ${member} as member_id, ${group} as group_id, status, created_at_us
     from ${words.idsAs('incoming')} ${words.join} ${table} on ${member} = incoming.id order by ${member}, ${group}`,
  );
  const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
    `${plural}_links_keys`,
    `select distinct ${member} as id from ${table}
     where ${member} > ? and (? is null or ${member} <= ?) order by ${member} limit ?`,
  );
  return {
    ...{ name, group: name },
    schema: Type.Object({ ...common.properties, [plural]: groupIds }),
    apply: async (tx, changes) => {
      if (changes.length === 0) return;
      await tx.run(remove, [JSON.stringify(changes.map(({ key }) => key))]);
      const rows = changes.flatMap(({ key, state }) => {
        if (state === null) return [];
        const { status, created_at } = state as Static<typeof common>;
        const at = microsIn(created_at);
        return (state[plural] as string[]).map((id): [string, string, string, number] => [key, id, status, at]);
      });
      if (rows.length > 0) await words.runMany(tx, put, rows);
    },
    read: async (tx, ids) => {
      const rows = ids.length === 0 ? [] : await tx.query(read, [JSON.stringify(ids)]);
      return new Map([...Map.groupBy(rows, (row) => row.member_id)].map(([id, own]) => [id, stateOf(own)]));
    },
    keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
    displaced: async () => 0,
  };
}
