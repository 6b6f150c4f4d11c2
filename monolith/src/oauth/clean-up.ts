import type { Queryable } from '../db.ts';

/** The number of expired tokens that each client keeps: auditors want to see the latest ones. */
export const keptPerClient = 20_000;

// Debt 3: runs inside the request that issues a token.
/** Deletes the expired tokens of one client except the newest `kept`. */
export async function cleanUpClient(db: Queryable, clientId: string, now: Date, kept = keptPerClient): Promise<void> {
  await db.query(
    `delete from access_tokens
     where client_id = $1 and expires_at < $2
       and expires_at < (select expires_at from access_tokens where client_id = $1
                         order by expires_at desc offset $3 limit 1)`,
    [clientId, now, kept - 1],
  );
}

/** Deletes the expired tokens of all clients except the newest `kept` of each; returns the number of deleted tokens. */
export async function cleanUpAll(db: Queryable, now: Date, kept = keptPerClient): Promise<number> {
  const { rowCount } = await db.query(
    `delete from access_tokens where expires_at < $1 and id in (
       select id from (select id, row_number() over (partition by client_id order by expires_at desc) as place
                       from access_tokens) as ranked where place > $2)`,
    [now, kept],
  );
  return rowCount ?? 0;
}
