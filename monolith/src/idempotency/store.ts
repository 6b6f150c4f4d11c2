import { createHash } from 'node:crypto';
import type { Queryable } from '../db.ts';
import type { Keyed } from './keyed.ts';

/** How long the store keeps a key. */
export const keyLifetimeMs = 24 * 3_600_000;

/** An earlier request with the key, and its reply. */
export interface KeyRow {
  body_hash: Buffer;
  status: number;
  reply: string;
}

/**
 * Claims a key for this transaction. Undefined if the key is new or older than a day; otherwise the earlier request.
 * Waits, up to `lock_timeout`, while the transaction of the earlier request is open.
 */
export async function claim(db: Queryable, keyed: Keyed, now: Date): Promise<KeyRow | undefined> {
  const { client, customer, method, path, key } = keyed;
  const scope = scopeHash(keyed);
  for (;;) {
    const { rowCount } = await db.query(
      `insert into idempotency_keys as k (scope_hash, client, customer, method, path, key, body_hash, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (scope_hash) do update
         set body_hash = excluded.body_hash, status = null, reply = null, created_at = excluded.created_at
         where k.created_at <= $9`,
      [scope, client, customer, method, path, key, sha256(keyed.body), now, oldest(now)],
    );
    if (rowCount === 1) return undefined;
    const { rows } = await db.query<KeyRow>(
      'select body_hash, status, reply from idempotency_keys where scope_hash = $1',
      [scope],
    );
    // No row: the clean-up deleted the key between the two statements.
    if (rows[0] !== undefined) return rows[0];
  }
}

/** Writes the reply beside the key. */
export async function keep(db: Queryable, keyed: Keyed, status: number, reply: string): Promise<void> {
  await db.query('update idempotency_keys set status = $2, reply = $3 where scope_hash = $1', [
    scopeHash(keyed),
    status,
    reply,
  ]);
}

/** Deletes the keys older than a day; returns their number. */
export async function forgetKeys(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query('delete from idempotency_keys where created_at <= $1', [oldest(now)]);
  return rowCount ?? 0;
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function scopeHash({ client, customer, method, path, key }: Keyed): Buffer {
  return sha256(JSON.stringify([client, customer, method, path, key]));
}

function oldest(now: Date): Date {
  return new Date(now.getTime() - keyLifetimeMs);
}
