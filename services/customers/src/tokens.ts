import { createHmac, createSecretKey, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@banyan/kit/clock';
import jwt from 'jsonwebtoken';
import type { Customer } from './domain.ts';
import { CustomersError } from './errors.ts';
import type { Store } from './store.ts';

const lifetimeS = 24 * 3_600;
/** A key that the migration brings anew is used after this at the latest. */
const keyFreshMs = 10_000;
/** Tokens have about 400 characters. */
const maxTokenLength = 4_096;

export interface IssuedToken {
  id: string;
  token: string;
  /** Seconds since the epoch. */
  expires: number;
}

/** What a token says that is valid. */
export interface KnownToken {
  customerId: string;
  /** Seconds since the epoch. */
  exp: number;
}

/**
 * Signs and verifies customer tokens: JWTs under a key in the store, which the monolith has too. A token names the password that
 * it was issued for, so that a change of password ends all earlier tokens.
 */
export class CustomerTokens {
  readonly #store: Pick<Store, 'tokenKey' | 'find'>;
  readonly #now: Clock;
  #known: { key: KeyObject; untilMs: number } | undefined;

  constructor(store: Pick<Store, 'tokenKey' | 'find'>, now: Clock) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * @param passwordHash that of the password which the customer has signed in with
   * @throws CustomersError `no_token_key`; ServiceError `store_unavailable`
   */
  async issue({ id: customerId, name }: Customer, passwordHash: string): Promise<IssuedToken> {
    const key = await this.#key();
    const issuedAt = Math.floor(this.#now() / 1_000);
    const expires = issuedAt + lifetimeS;
    const id = randomUUID();
    const pwd = passwordMark(key, passwordHash);
    const claims = { sub: customerId, name, iat: issuedAt, exp: expires, jti: id, pwd };
    return { id, token: jwt.sign(claims, key, { algorithm: 'HS256' }), expires };
  }

  /** What a token says; null if it is not valid. @throws as `issue` */
  async read(token: string): Promise<KnownToken | null> {
    if (token.length > maxTokenLength) return null;
    const key = await this.#key();
    const claims = claimsIn(token, key, this.#now());
    const customer = claims && (await this.#store.find(claims.sub));
    const passwordHash = customer?.passwordHash ?? null;
    if (claims === null || passwordHash === null || !fits(passwordMark(key, passwordHash), claims.pwd)) return null;
    return { customerId: claims.sub, exp: claims.exp };
  }

  async #key(): Promise<KeyObject> {
    if (this.#known && this.#known.untilMs > this.#now()) return this.#known.key;
    const bytes = await this.#store.tokenKey();
    if (bytes === null) {
      const detail = 'The key of customer tokens is not here yet; try again';
      throw new CustomersError('no_token_key', { detail, retryAfterS: 1 });
    }
    const key = createSecretKey(bytes);
    this.#known = { key, untilMs: this.#now() + keyFreshMs };
    return key;
  }
}

/** Any error of the library means that the token is not valid. */
function claimsIn(token: string, key: KeyObject, nowMs: number): { sub: string; exp: number; pwd: unknown } | null {
  try {
    const claims = jwt.verify(token, key, { algorithms: ['HS256'], clockTimestamp: Math.floor(nowMs / 1_000) });
    if (typeof claims === 'string') return null;
    const { sub, exp, pwd } = claims;
    return typeof sub === 'string' && typeof exp === 'number' ? { sub, exp, pwd } : null;
  } catch {
    return null;
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
