import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../db.ts';
import { ShopError } from '../errors.ts';

/** Lifetime of an access token, in seconds. */
export const tokenLifetimeS = 3_600;
const refreshLifetimeMs = 14 * 24 * 3_600_000;
/** The most live tokens of one client with a secret. */
const maxLiveTokens = 100_000;

/** Who a token is for: a shop front without a secret, or a client with one. */
export type TokenKind = 'implicit' | 'client_credentials';

export interface StoredToken {
  clientId: string;
  kind: TokenKind;
  scope: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** The tokens for the client; the store keeps hashes of both texts. */
export interface IssuedToken extends StoredToken {
  accessToken: string;
  refreshToken: string | undefined;
}

const columns = `t.client_id as "clientId", t.identifier as kind, t.scope, t.issued_at as "issuedAt",
  t.expires_at as "expiresAt"`;

/** 40 hex characters. */
export const newTokenText = (): string => randomBytes(20).toString('hex');

/** Generates a token that is not in the store yet; with `refreshable`, also a refresh token. Writes nothing. */
export async function draftToken(
  db: Queryable,
  grant: { clientId: string; kind: TokenKind; scope: string; refreshable: boolean },
  now: Date,
  makeText = newTokenText,
): Promise<IssuedToken> {
  let accessToken = makeText();
  while (await exists(db, accessToken)) accessToken = makeText();
  return {
    clientId: grant.clientId,
    kind: grant.kind,
    scope: grant.scope,
    issuedAt: now,
    expiresAt: new Date(now.getTime() + tokenLifetimeS * 1000),
    accessToken,
    refreshToken: grant.refreshable ? makeText() : undefined,
  };
}

/** Stores a token. */
export async function insertToken(db: Queryable, token: IssuedToken): Promise<void> {
  const refreshExpiresAt = new Date(token.issuedAt.getTime() + refreshLifetimeMs);
  await db.query(
    `insert into access_tokens
       (token_hash, client_id, identifier, scope, issued_at, expires_at, refresh_hash, refresh_expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      hashOf(token.accessToken),
      token.clientId,
      token.kind,
      token.scope,
      token.issuedAt,
      token.expiresAt,
      token.refreshToken === undefined ? null : hashOf(token.refreshToken),
      token.refreshToken === undefined ? null : refreshExpiresAt,
    ],
  );
}

// Debt 2, four times: without an index, each of these reads the whole table.

async function exists(db: Queryable, accessToken: string): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>(
    'select exists(select 1 from access_tokens where token_hash = $1) as exists',
    [hashOf(accessToken)],
  );
  return rows[0]?.exists === true;
}

/** Finds an unexpired token of a client that is not revoked and may still have tokens of this kind. */
export async function findLiveToken(db: Queryable, accessToken: string, now: Date): Promise<StoredToken | undefined> {
  const { rows } = await db.query<StoredToken>(
    `select ${columns} from access_tokens t
     join api_clients c on c.client_id = t.client_id and c.revoked_at is null and t.identifier = any(c.identifier_kinds)
     where t.token_hash = $1 and t.expires_at > $2`,
    [hashOf(accessToken), now],
  );
  return rows[0];
}

/** @throws ShopError `rate_limited` when the client holds the maximum number of live tokens */
export async function checkLiveTokens(
  db: Queryable,
  clientId: string,
  now: Date,
  limit = maxLiveTokens,
): Promise<void> {
  const { rows } = await db.query<{ count: string }>(
    'select count(*) as count from access_tokens where client_id = $1 and expires_at > $2',
    [clientId, now],
  );
  if (Number(rows[0]?.count ?? 0) >= limit) {
    throw new ShopError('rate_limited', { detail: 'The client holds too many live access tokens' });
  }
}

/** Uses up a refresh token. Returns false if the token is unknown, expired, used, or another client's. */
export async function useRefreshToken(db: Queryable, clientId: string, refreshToken: string, now: Date) {
  const { rowCount } = await db.query(
    `update access_tokens set refreshed_at = $3
     where refresh_hash = $1 and client_id = $2 and refreshed_at is null and refresh_expires_at > $3`,
    [hashOf(refreshToken), clientId, now],
  );
  return rowCount === 1;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
