import { createHmac, createSecretKey, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ShopError } from '../errors.ts';
import { verifiedClaims } from '../oauth/read-jwt.ts';
import type { Shop } from '../shop.ts';
import { findPasswordHash } from './store.ts';

const lifetimeS = 24 * 3_600;

export interface CustomerToken {
  id: string;
  customerId: string;
  token: string;
  /** Seconds since the epoch. */
  expires: number;
}

/** A customer who has signed in with this password. */
export interface SignedIn {
  id: string;
  name: string;
  passwordHash: string;
}

/**
 * Signs and verifies customer tokens: JWTs under a key in the store. A token names the password that it was issued
 * for, so that a change of password ends all earlier tokens.
 */
export class CustomerTokens {
  readonly #shop: Shop;
  #key: Promise<KeyObject> | undefined;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  async issue({ id: customerId, name, passwordHash }: SignedIn): Promise<CustomerToken> {
    const key = await this.#loadKey();
    const issuedAt = Math.floor(this.#shop.now().getTime() / 1000);
    const expires = issuedAt + lifetimeS;
    const id = randomUUID();
    const pwd = passwordMark(key, passwordHash);
    const claims = { sub: customerId, name, iat: issuedAt, exp: expires, jti: id, pwd };
    const token = jwt.sign(claims, key, { algorithm: 'HS256' });
    return { id, customerId, token, expires };
  }

  /**
   * The customer of a token. The error is 403, not 401, because clients read 401 as a bad access token.
   * @throws ShopError `forbidden` when the token is malformed or expired, its customer is deleted, or the password has
   * changed since
   */
  async verify(token: string): Promise<string> {
    const found = await this.read(token);
    if (found === undefined) throw new ShopError('forbidden', { detail: 'The customer token is not valid' });
    return found.customerId;
  }

  /** The customer of a token; undefined if it is not valid. `exp` in seconds since the epoch. */
  async read(token: string): Promise<{ customerId: string; exp: number } | undefined> {
    const key = await this.#loadKey();
    const claims = verifiedClaims(token, key, 'HS256', this.#shop.now());
    const passwordHash = claims && (await findPasswordHash(this.#shop.db, claims.sub));
    if (
      claims === undefined ||
      typeof passwordHash !== 'string' ||
      !fits(passwordMark(key, passwordHash), claims.pwd)
    ) {
      return undefined;
    }
    return { customerId: claims.sub, exp: claims.exp };
  }

  async #loadKey(): Promise<KeyObject> {
    this.#key ??= this.#readKey();
    try {
      return await this.#key;
    } catch (error) {
      this.#key = undefined;
      throw error;
    }
  }

  async #readKey(): Promise<KeyObject> {
    const { rows } = await this.#shop.db.query<{ key: Buffer }>('select key from customer_token_key');
    if (rows[0] === undefined) throw new Error('The store has no key for customer tokens');
    return createSecretKey(rows[0].key);
  }
}

/** Distinguishes stored passwords without revealing them: bearers can read the claims of their token. */
function passwordMark(key: KeyObject, passwordHash: string): string {
  return createHmac('sha256', key).update(`password ${passwordHash}`).digest('base64url').slice(0, 22);
}

function fits(expected: string, given: unknown): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(typeof given === 'string' ? given : '')];
  return a.length === b.length && timingSafeEqual(a, b);
}
