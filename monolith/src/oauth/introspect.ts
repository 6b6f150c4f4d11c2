import { createHash, timingSafeEqual } from 'node:crypto';
import type { Members } from '../api/body.ts';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { findLiveToken } from './tokens.ts';

/** The reply of RFC 7662, section 2.2; `exp` in seconds since the epoch. */
export type Introspection =
  | { active: false }
  | { active: true; client_id: string; identifier: string; scope: string; exp: number; token_type: 'Bearer' }
  | { active: true; sub: string; exp: number };

/** Knows the customers that customer tokens belong to. */
export interface CustomerTokenReader {
  /** Undefined if the token is not valid; `exp` in seconds since the epoch. */
  read(token: string): Promise<{ customerId: string; exp: number } | undefined>;
}

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

/**
 * Describes one of our tokens: a customer token if the hint is `customer_token`, otherwise an access token. Tokens of
 * other issuers are reported as not active.
 */
export async function introspect(shop: Shop, customers: CustomerTokenReader, body: unknown): Promise<Introspection> {
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
  if (typeof token !== 'string' || token === '') {
    throw new ShopError('bad_request', { title: 'invalid_request', detail: 'token is required', source: 'token' });
  }
  if ('token_type_hint' in (body as object) && (body as Members).token_type_hint === 'customer_token') {
    const customer = await customers.read(token);
    return customer === undefined ? { active: false } : { active: true, sub: customer.customerId, exp: customer.exp };
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
