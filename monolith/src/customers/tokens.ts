import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { customerExists } from './store.ts';

const LIFETIME_S = 24 * 3_600;

export interface CustomerToken {
  id: string;
  customerId: string;
  token: string;
  /** Seconds since the epoch. */
  expires: number;
}

/** Signs and verifies the tokens that customers sign in with: JWTs under a key that the store keeps. */
export class CustomerTokens {
  readonly #shop: Shop;
  #key: Promise<KeyObject> | undefined;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  async issue(customer: { id: string; name: string }): Promise<CustomerToken> {
    const issuedAt = Math.floor(this.#shop.now().getTime() / 1000);
    const expires = issuedAt + LIFETIME_S;
    const id = randomUUID();
    const claims = { sub: customer.id, name: customer.name, iat: issuedAt, exp: expires, jti: id };
    const token = jwt.sign(claims, await this.#loadKey(), { algorithm: 'HS256' });
    return { id, customerId: customer.id, token, expires };
  }

  /** The customer a token speaks for. Throws 403, not 401: to a client 401 means that its access token is bad. */
  async verify(token: string): Promise<string> {
    const customerId = this.#subjectOf(token, await this.#loadKey());
    if (customerId === undefined || !(await customerExists(this.#shop.db, customerId))) {
      throw new ShopError('forbidden', { detail: 'The customer token is not valid' });
    }
    return customerId;
  }

  #subjectOf(token: string, key: KeyObject): string | undefined {
    const clockTimestamp = Math.floor(this.#shop.now().getTime() / 1000);
    try {
      const claims = jwt.verify(token, key, { algorithms: ['HS256'], clockTimestamp });
      return typeof claims === 'string' ? undefined : claims.sub;
    } catch (error) {
      if (error instanceof jwt.JsonWebTokenError) return undefined;
      throw error;
    }
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
    const { db } = this.#shop;
    await db.query('insert into customer_token_key (key) values ($1) on conflict do nothing', [randomBytes(32)]);
    const { rows } = await db.query<{ key: Buffer }>('select key from customer_token_key');
    if (rows[0] === undefined) throw new Error('The store has no key for customer tokens');
    return createSecretKey(rows[0].key);
  }
}
