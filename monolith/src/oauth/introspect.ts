import { createHash, timingSafeEqual } from 'node:crypto';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { findLiveToken } from './tokens.ts';

/** The reply of RFC 7662, section 2.2; `exp` in seconds since the epoch. */
export type Introspection =
  | { active: false }
  | { active: true; client_id: string; identifier: string; scope: string; exp: number; token_type: 'Bearer' };

/** @throws ShopError `invalid_client` when the header is not HTTP Basic with the configured client */
export function checkIntrospector(shop: Shop, authorization: string | undefined): void {
  const expected = shop.config.introspection;
  const given = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const text = expected === undefined ? '' : `${expected.clientId}:${expected.clientSecret}`;
  const fits = timingSafeEqual(digest(Buffer.from(given, 'base64').toString()), digest(text));
  if (expected === undefined || !fits) {
    throw new ShopError('invalid_client', { detail: 'The client credentials are not valid' });
  }
}

/** Describes one of our tokens. Tokens of other issuers are reported as not active. */
export async function introspect(shop: Shop, body: unknown): Promise<Introspection> {
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
  if (typeof token !== 'string' || token === '') {
    throw new ShopError('bad_request', { title: 'invalid_request', detail: 'token is required', source: 'token' });
  }
  const found = await findLiveToken(shop.db, token, shop.now());
  if (found === undefined) return { active: false };
  return {
    active: true,
    client_id: found.clientId,
    identifier: found.kind,
    scope: found.scope,
    exp: Math.floor(found.expiresAt.getTime() / 1000),
    token_type: 'Bearer',
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
