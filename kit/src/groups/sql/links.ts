import { type Queryable, statement } from '../../store/statement.ts';
import type { GroupKind } from '../kind.ts';
import type { MemberLinks } from '../members.ts';
import type { Words } from './words.ts';

interface Link {
  group_id: string;
  member_id: string;
}

/** The table of the copy of members' links, and its columns. */
export function linksTable({ type, members }: GroupKind) {
  return { table: `${members.type}_links`, group: `${type}_id`, member: `${members.type}_id` };
}

/** Reads the links of groups in this store's copy, in the default order of members. */
export function linksReader<Tx extends Queryable>(kind: GroupKind, { idsAs, join }: Words<Tx>) {
  const { table, group, member } = linksTable(kind);
  const linked = statement<Link, [string, number]>(
    `${kind.plural}_links`,
    `select ${group} as group_id, ${member} as member_id from ${idsAs('wanted')} ${join} ${table} on ${group} = wanted.id
     where ? = 0 or status = 'live' order by created_at_us, ${member}`,
  );
  return async (db: Queryable, groupIds: readonly string[], liveOnly: boolean): Promise<MemberLinks> => {
    const rows = groupIds.length === 0 ? [] : await db.query(linked, [JSON.stringify(groupIds), Number(liveOnly)]);
    const ofGroup = Map.groupBy(rows, (row) => row.group_id);
    return {
      ofGroup: new Map([...ofGroup].map(([id, own]) => [id, own.map((row) => row.member_id)])),
      order: [...new Set(rows.map((row) => row.member_id))],
    };
  };
}
