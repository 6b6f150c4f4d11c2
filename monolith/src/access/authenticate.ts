import jwt from 'jsonwebtoken';
import { ShopError } from '../errors.ts';
import type { IssuerKeys } from '../oauth/issuer-keys.ts';
import { findLiveToken } from '../oauth/tokens.ts';
import type { Shop } from '../shop.ts';
import type { Access } from './access.ts';

/** Who a bearer token speaks for. Throws 401 where it is missing, unknown, expired or forged. */
export async function authenticate(
  shop: Shop,
  issuerKeys: IssuerKeys | undefined,
  authorization: string | undefined,
): Promise<Access> {
  const token = bearerToken(authorization);
  if (token === undefined) throw new ShopError('invalid_token');
  const access = isJwt(token) ? await fromJwt(shop, issuerKeys, token) : await fromStore(shop, token);
  if (access === undefined) throw new ShopError('invalid_token');
  return access;
}

/** The token of `Bearer <t>` (RFC 6750), and of `Bearer: <t>`, which clients older than 2021 send. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer:?\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
}

function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

async function fromStore(shop: Shop, token: string): Promise<Access | undefined> {
  const found = await findLiveToken(shop.db, token, shop.now());
  return found && { kind: found.kind, clientId: found.clientId, scope: found.scope };
}

/** Tokens that another issuer signs are verified with its published keys alone: nothing is asked, nothing is stored. */
async function fromJwt(shop: Shop, issuerKeys: IssuerKeys | undefined, token: string): Promise<Access | undefined> {
  const keyId = jwt.decode(token, { complete: true })?.header.kid;
  if (issuerKeys === undefined || keyId === undefined) return undefined;
  const key = await issuerKeys.find(keyId);
  if (key === undefined) return undefined;
  try {
    const clockTimestamp = Math.floor(shop.now().getTime() / 1000);
    return accessOf(jwt.verify(token, key, { algorithms: ['ES256'], clockTimestamp }));
  } catch (error) {
    if (error instanceof jwt.JsonWebTokenError) return undefined;
    throw error;
  }
}

function accessOf(claims: jwt.JwtPayload | string): Access | undefined {
  if (typeof claims === 'string' || claims.sub === undefined || claims.exp === undefined) return undefined;
  const { identifier } = claims;
  if (identifier !== 'implicit' && identifier !== 'client_credentials') return undefined;
  return { kind: identifier, clientId: claims.sub, scope: typeof claims.scope === 'string' ? claims.scope : '' };
}
