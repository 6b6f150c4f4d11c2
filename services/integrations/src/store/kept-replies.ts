import type { Micros } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/postgres';

/** How long a reply to a keyed request is kept. */
export const keptForUs = 24 * 3_600_000_000;

/** A request with an Idempotency-Key. */
export interface KeyedRequest {
  /** SHA-256 of what the key belongs to, in hex: like that of the body. */
  hash: string;
  client: string;
  customer: string;
  method: string;
  path: string;
  key: string;
  bodyHash: string;
  createdAt: Micros;
}

/** What was replied. */
export interface KeptReply {
  bodyHash: string;
  status: number;
  /** JSON. */
  reply: string;
}

interface ReplyRow {
  body_hash: string;
  status: number;
  reply: string;
}

const claim = statement<object, [string, string, string, string, string, string, string, number, number]>(
  'kept_replies_claim',
  `insert into kept_replies as kept (hash, client, customer, method, path, key, body_hash, created_at_us)
   values ($1, $2, $3, $4, $5, $6, $7, $8)
   on conflict (hash) do update set body_hash = excluded.body_hash, status = null, reply = null, integration_id = null,
     created_at_us = excluded.created_at_us
   where kept.created_at_us <= $9`,
);
const find = statement<ReplyRow, [string]>(
  'kept_replies_find',
  'select body_hash, status, reply from kept_replies where hash = $1',
);
const keep = statement<object, [string, number, string, string | null]>(
  'kept_replies_keep',
  'update kept_replies set status = $2, reply = $3, integration_id = $4 where hash = $1',
);
const forget = statement<object, [number]>('kept_replies_forget', 'delete from kept_replies where created_at_us <= $1');

/**
 * Claims a key for this transaction. Undefined: it is new, or a day old; otherwise what was replied. Waits while the
 * transaction of an earlier request is open.
 */
export async function claimKey(tx: Queryable, request: KeyedRequest): Promise<KeptReply | undefined> {
  const { hash, client, customer, method, path, key, bodyHash, createdAt } = request;
  for (;;) {
    const values = [hash, client, customer, method, path, key, bodyHash, createdAt, createdAt - keptForUs] as const;
    if ((await tx.run(claim, [...values])) === 1) return undefined;
    const [row] = await tx.query(find, [hash]);
    // No row: it was forgotten between the two statements.
    if (row) return { bodyHash: row.body_hash, status: row.status, reply: row.reply };
  }
}

/** Writes the reply beside the key. `integrationId`: what the request made. */
export async function keepReply(
  tx: Queryable,
  hash: string,
  { status, reply, integrationId }: { status: number; reply: string; integrationId: string | null },
): Promise<void> {
  await tx.run(keep, [hash, status, reply, integrationId]);
}

/** Deletes replies that are a day old. Both sides leave them out, so this is no change of an integration. */
export async function forgetReplies(db: Queryable, now: Micros): Promise<void> {
  await db.run(forget, [now - keptForUs]);
}
