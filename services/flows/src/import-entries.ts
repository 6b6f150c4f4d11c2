import type { Micros } from '@banyan/kit/api';
import { Moment, microsIn, momentOf } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import { mariadbReplies, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import Type, { type Static } from '@banyan/kit/typebox';
import { entryKey } from './keys.ts';
import { withValues } from './reads.ts';
import { type EntryRow, valueRows } from './rows.ts';
import { Id } from './travel.ts';

/** An entry as it travels. */
export const EntryState = Type.Object({
  flow_id: Id,
  created_at: Moment,
  updated_at: Moment,
  /** Values by the id of the field. Absent without one. */
  values: Type.Optional(Type.Record(Id, Type.Unknown(), { additionalProperties: false, minProperties: 1 })),
  /** To the keyed request that made it. Absent without one. */
  replies: Type.Optional(Type.Array(ReplyState, { minItems: 1 })),
});
export type EntryState = Static<typeof EntryState>;

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";

const remove = statement<object, [string]>(
  'flows_import_remove_entries',
  `delete entries from ${idsOf} straight_join entries on entries.id = incoming.id`,
);
const removeValues = statement<object, [string]>(
  'flows_import_remove_values',
  `delete entry_values from ${idsOf} straight_join entry_values on entry_values.entry_id = incoming.id`,
);
const put = statement<object, unknown[]>(
  'flows_import_put_entry',
  `insert into entries (id, flow_id, created_at_us, updated_at_us) values (?, ?, ?, ?)
   on duplicate key update flow_id = values(flow_id), created_at_us = values(created_at_us),
     updated_at_us = values(updated_at_us)`,
);
const putValue = statement<object, [string, string, string, Buffer]>(
  'flows_import_put_value',
  'insert into entry_values (entry_id, field_id, value, value_hash) values (?, ?, ?, ?)',
);
const read = statement<EntryRow, [string]>(
  'flows_import_read_entries',
  `select entries.id, flow_id, created_at_us, updated_at_us
   from ${idsOf} straight_join entries on entries.id = incoming.id`,
);

export async function applyEntries(
  tx: MariadbQueryable,
  changes: readonly { id: string; state: EntryState | null }[],
): Promise<void> {
  if (changes.length === 0) return;
  const gone = changes.filter(({ state }) => state === null).map(({ id }) => id);
  if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
  await tx.run(removeValues, [JSON.stringify(changes.map(({ id }) => id))]);
  const present = changes.flatMap(({ id, state }) => (state === null ? [] : [{ id, ...state }]));
  await tx.runMany(
    put,
    present.map(({ id, flow_id, created_at, updated_at }) => [id, flow_id, microsIn(created_at), microsIn(updated_at)]),
  );
  await tx.runMany(
    putValue,
    present.flatMap(({ id, values = {} }) => valueRows(id, Object.entries(values))),
  );
  // Replies of an entry that is gone stay: each has a lifetime of its own.
  const replies = present.flatMap(({ id, replies: some = [] }) => some.map((reply) => ({ id, reply })));
  // In one order, so that two at once do not wait for each other.
  replies.sort((a, b) => (a.reply.hash < b.reply.hash ? -1 : 1));
  for (const { id, reply } of replies) await mariadbReplies.of(tx).keep(replyIn(reply), id);
}

/** The states of those that exist, by their key. */
export async function readEntries(
  tx: MariadbQueryable,
  ids: readonly string[],
  now: Micros,
): Promise<[string, EntryState][]> {
  if (ids.length === 0) return [];
  const entries = await withValues(tx, await tx.query(read, [JSON.stringify(ids)]));
  const replies = await mariadbReplies.of(tx).ofOwners(ids, now);
  return entries.map(({ id, flowId, createdAt, updatedAt, values }) => {
    const kept = replies.get(id) ?? [];
    return [
      entryKey(id),
      {
        ...{ flow_id: flowId, created_at: momentOf(createdAt), updated_at: momentOf(updatedAt) },
        ...(Object.keys(values).length > 0 && { values: { ...values } }),
        ...(kept.length > 0 && { replies: kept.map(replyStateOf) }),
      },
    ];
  });
}
