import { inTransaction, isLockTimeout, type Pool, type PoolClient } from '../db.ts';
import { errorBody, ShopError, statusOf } from '../errors.ts';
import type { Keyed } from './keyed.ts';
import { seal, unseal } from './seal.ts';
import { claim, type KeyRow, keep, sha256 } from './store.ts';

/** A reply; `body` is JSON text. */
export interface Reply {
  status: number;
  body: string;
}

/**
 * Runs `work` in one transaction, which also writes the key: both are committed or neither. If the key was used
 * before, `work` does not run, and the result is the earlier reply. Without `keyed`, `work` simply runs in a
 * transaction. `work` must use only the connection that it gets, because a concurrent request with the same key may
 * hold the last connection of the pool.
 *
 * A refusal that decides about the current state (see `isDecided`) undoes the work, is stored like a reply, and is
 * thrown. Any other error leaves no key, so that the client may retry.
 *
 * @throws ShopError `validation_failed` when the key was used with a different body
 * @throws ShopError `in_progress` when the concurrent request does not finish in time
 */
export async function once(
  pool: Pool,
  now: Date,
  keyed: Keyed | undefined,
  work: (db: PoolClient) => Promise<{ status: number; body: unknown }>,
): Promise<Reply> {
  if (keyed === undefined) return inTransaction(pool, async (db) => asReply(await work(db)));
  let refusal: ShopError | undefined;
  const reply = await inTransaction(pool, async (db) => {
    const earlier = await claimInTime(db, keyed, now);
    if (earlier !== undefined) return again(keyed, earlier);
    await db.query('savepoint effect');
    let made: Reply;
    try {
      made = asReply(await work(db));
    } catch (error) {
      if (!isDecided(error)) throw error;
      refusal = error;
      await db.query('rollback to savepoint effect');
      made = asReply({ status: statusOf(error.code), body: errorBody(error, '') });
    }
    await keep(db, keyed, made.status, keyed.secret === undefined ? made.body : seal(keyed.secret, made.body));
    return made;
  });
  if (refusal !== undefined) throw refusal;
  return reply;
}

/**
 * Whether an error is a decision that a retry must receive again: a 400, 409 or 422 about the current state, which
 * names no member of the body. Invalid, forbidden and not-found requests decide nothing.
 */
export function isDecided(error: unknown): error is ShopError {
  return (
    error instanceof ShopError &&
    [400, 409, 422].includes(statusOf(error.code)) &&
    error.faults.every((fault) => fault.source === undefined)
  );
}

async function claimInTime(db: PoolClient, keyed: Keyed, now: Date): Promise<KeyRow | undefined> {
  await db.query("select set_config('lock_timeout', $1, true)", [`${Math.max(1, Math.ceil(keyed.waitMs))}ms`]);
  try {
    const earlier = await claim(db, keyed, now);
    await db.query("select set_config('lock_timeout', '0', true)");
    return earlier;
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new ShopError('in_progress', { detail: 'A request with this Idempotency-Key is under way; try again' });
  }
}

function again(keyed: Keyed, { body_hash, status, reply }: KeyRow): Reply {
  if (!sha256(keyed.body).equals(body_hash)) {
    throw new ShopError('validation_failed', {
      title: 'Idempotency-Key reused',
      detail: 'This Idempotency-Key was sent before with another body',
    });
  }
  return { status, body: keyed.secret === undefined ? reply : unseal(keyed.secret, reply) };
}

function asReply({ status, body }: { status: number; body: unknown }): Reply {
  return { status, body: JSON.stringify(body) };
}
