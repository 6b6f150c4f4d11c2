import type { Queryable } from '../db.ts';

/** Tokens of a client that stay after they expire: the auditors ask for the latest ones. */
export const KEPT_PER_CLIENT = 20_000;

// Debt 3: called from inside the request that issues a token.
/** Deletes the expired tokens of one client beyond the newest `kept`. */
export async function cleanUpClient(db: Queryable, clientId: string, now: Date, kept = KEPT_PER_CLIENT): Promise<void> {
  await db.query(
    `delete from access_tokens
     where client_id = $1 and expires_at < $2
       and expires_at < (select expires_at from access_tokens where client_id = $1
                         order by expires_at desc offset $3 limit 1)`,
    [clientId, now, kept - 1],
  );
}

/** Deletes the expired tokens of all clients beyond the newest `kept` of each; gives how many went. */
export async function cleanUpAll(db: Queryable, now: Date, kept = KEPT_PER_CLIENT): Promise<number> {
  const { rowCount } = await db.query(
    `delete from access_tokens where expires_at < $1 and id in (
       select id from (select id, row_number() over (partition by client_id order by expires_at desc) as place
                       from access_tokens) as ranked where place > $2)`,
    [now, kept],
  );
  return rowCount ?? 0;
}
