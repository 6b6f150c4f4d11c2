import { ShopError } from '../errors.ts';
import { isRevoked } from '../oauth/clients.ts';
import type { IssuerKeys } from '../oauth/issuer-keys.ts';
import { keyIdOf, verifiedClaims } from '../oauth/read-jwt.ts';
import { findLiveToken } from '../oauth/tokens.ts';
import type { Shop } from '../shop.ts';
import type { Access } from './access.ts';

/**
 * The subject of a bearer token.
 * @throws ShopError `invalid_token` when the token is missing, unknown, expired or forged
 */
export async function authenticate(
  shop: Shop,
  issuerKeys: IssuerKeys | undefined,
  authorization: string | undefined,
): Promise<Access> {
  const token = bearerToken(authorization);
  if (token === undefined) throw new ShopError('invalid_token');
  const access = isJwt(token) ? await fromUnrevoked(shop, issuerKeys, token) : await fromStore(shop, token);
  if (access === undefined) throw new ShopError('invalid_token');
  return access;
}

/** The token of `Bearer <t>` (RFC 6750) or of `Bearer: <t>`, which clients older than 2021 send. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer:?\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
}

function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

/** Like `fromJwt`, but refuses revoked clients at once, although their token still has a valid signature. */
async function fromUnrevoked(
  shop: Shop,
  issuerKeys: IssuerKeys | undefined,
  token: string,
): Promise<Access | undefined> {
  const access = await fromJwt(shop.now(), issuerKeys, token);
  return access && !(await isRevoked(shop.db, access.clientId)) ? access : undefined;
}

async function fromStore(shop: Shop, token: string): Promise<Access | undefined> {
  const found = await findLiveToken(shop.db, token, shop.now());
  return found && { kind: found.kind, clientId: found.clientId, scope: found.scope };
}

/**
 * The subject of a JWT from another issuer, verified with the issuer's published keys; undefined for an invalid token.
 * @throws ShopError `issuer_unavailable` when the issuer has never published its keys to this process
 */
export async function fromJwt(
  now: Date,
  issuerKeys: IssuerKeys | undefined,
  token: string,
): Promise<Access | undefined> {
  const keyId = keyIdOf(token);
  if (issuerKeys === undefined || keyId === undefined) return undefined;
  const key = await issuerKeys.find(keyId);
  const claims = key && verifiedClaims(token, key, 'ES256', now);
  if (claims === undefined) return undefined;
  const { identifier, sub, scope } = claims;
  if (identifier !== 'implicit' && identifier !== 'client_credentials') return undefined;
  return { kind: identifier, clientId: sub, scope: typeof scope === 'string' ? scope : '' };
}
