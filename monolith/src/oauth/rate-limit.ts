import type { Queryable } from '../db.ts';
import { ShopError } from '../errors.ts';
import type { Asker } from './audit.ts';

export interface RateLimits {
  /** Tokens that one client may request within a minute. */
  perClient: number;
  /** Tokens that one address may request within a minute. */
  perAddress: number;
}

// The limits grew with every large customer. They stop runaway loops, not shoppers.
export const rateLimits: RateLimits = { perClient: 60_000, perAddress: 120_000 };

const windowMs = 60_000;

// Debt 5: counts the audit rows of all years.
/** @throws ShopError `rate_limited` when a client or an address requests too many tokens */
export async function checkRate(db: Queryable, asker: Asker, limits: RateLimits = rateLimits): Promise<void> {
  const since = new Date(asker.at.getTime() - windowMs);
  const byClient = await count(db, 'client_id', asker.clientId, since);
  const byAddress = await count(db, 'remote_address', asker.remoteAddress, since);
  if (byClient >= limits.perClient || byAddress >= limits.perAddress) {
    throw new ShopError('rate_limited', { detail: 'Too many access tokens were asked for within a minute' });
  }
}

async function count(db: Queryable, column: 'client_id' | 'remote_address', value: string, since: Date) {
  const { rows } = await db.query<{ count: string }>(
    `select count(*) as count from token_audit where ${column} = $1 and at > $2 and event = 'token.requested'`,
    [value, since],
  );
  return Number(rows[0]?.count ?? 0);
}
