import type { Queryable } from './queryable.ts';
import { type CapturedTable, timeText } from './resource.ts';

/**
 * The monolith's table of replies to keyed requests, as a part of a resource.
 *
 * @param key SQL of the aggregate that a reply moves with, by the name of a row; null for requests to other resources
 */
export const keptRepliesTable = (key: (row: string) => string): CapturedTable => ({
  name: 'idempotency_keys',
  key,
  shared: true,
  columns: [
    ...['scope_hash', 'client', 'customer', 'method', 'path', 'key', 'body_hash', 'status', 'reply', 'created_at'],
  ],
});

/** SQL of a condition on a row of that table: its reply is still kept. It is forgotten after a day, and not deleted then. */
export const isKept = (row: string): string =>
  `${row}.status is not null and ${row}.created_at > now() - interval '1 day'`;

const replyState = `jsonb_build_object(
  'hash', encode(r.scope_hash, 'hex'), 'client', r.client, 'customer', r.customer, 'method', r.method, 'path', r.path,
  'key', r.key, 'body_hash', encode(r.body_hash, 'hex'), 'status', r.status, 'reply', r.reply,
  'created_at', ${timeText('r.created_at')})`;

/** SQL of a JSON array: the states of rows `r` of that table, in the order of their hashes. Null without rows. */
export const replyStates = `jsonb_agg(${replyState} order by encode(r.scope_hash, 'hex') collate "C")`;

/** Writes replies that came back, in place of earlier ones with their hashes. */
export async function insertReplies(db: Queryable, replies: readonly object[]): Promise<void> {
  if (replies.length === 0) return;
  await db.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     select decode(hash, 'hex'), client, customer, method, path, key, decode(body_hash, 'hex'), status, reply, created_at
     from jsonb_to_recordset($1::jsonb) as row(hash text, client text, customer text, method text, path text, key text,
       body_hash text, status integer, reply text, created_at timestamptz)
     on conflict (scope_hash) do update set body_hash = excluded.body_hash, status = excluded.status,
       reply = excluded.reply, created_at = excluded.created_at`,
    [JSON.stringify(replies)],
  );
}
