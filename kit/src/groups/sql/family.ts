import { type Queryable, statement } from '../../store/statement.ts';
import type { Group } from '../group.ts';
import { groupOf, type Row, rowColumns } from './rows.ts';
import type { Words } from './words.ts';

/** Groups with the ids of those around them, whether live or not. */
export interface Family {
  groups: Group[];
  /** In the default order of groups. Absent without children. */
  children: Map<string, string[]>;
  /** The parents that exist. */
  parents: Set<string>;
}

/** Reads groups inside a transaction. */
export function familyReader<Tx extends Queryable>(table: string, { idsAs, join }: Words<Tx>) {
  const columns = rowColumns.map((name) => `${table}.${name}`).join(', ');
  const byId = statement<Row, [string]>(
    `${table}_family`,
    `select ${columns} from ${idsAs('wanted')} ${join} ${table} on ${table}.id = wanted.id`,
  );
  const byParent = statement<{ id: string; parent_id: string }, [string]>(
    `${table}_family_children`,
    `select ${table}.id, parent_id from ${idsAs('wanted')} ${join} ${table} on ${table}.parent_id = wanted.id
     order by created_at_us, ${table}.id`,
  );
  return async (tx: Queryable, ids: readonly string[]): Promise<Family> => {
    if (ids.length === 0) return { groups: [], children: new Map(), parents: new Set() };
    const wanted = JSON.stringify(ids);
    const groups = (await tx.query(byId, [wanted])).map(groupOf);
    const children = Map.groupBy(await tx.query(byParent, [wanted]), ({ parent_id }) => parent_id);
    const parentIds = groups.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
    const parents = parentIds.length === 0 ? [] : await tx.query(byId, [JSON.stringify(parentIds)]);
    return {
      groups,
      children: new Map([...children].map(([parentId, rows]) => [parentId, rows.map(({ id }) => id)])),
      parents: new Set(parents.map(({ id }) => id)),
    };
  };
}
