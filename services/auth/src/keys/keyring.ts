import type { KeyObject } from 'node:crypto';
import type { SignOptions } from 'jsonwebtoken';
import { AuthError } from '../errors.ts';

/** A key at work: its objects are made once, because making them costs more than signing. */
export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  /** What jsonwebtoken is told at every signature. */
  signOptions: SignOptions;
  publicKey: KeyObject;
  /** RFC 7517, public members only. */
  jwk: Record<string, unknown>;
  signs: boolean;
}

/** The keys as they were last read from the store. */
export class Keyring {
  readonly #staleLimitMs: number;
  #byKid = new Map<string, SigningKey>();
  #active: SigningKey | null = null;
  #jwks = '{"keys":[]}';
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** @param staleLimitMs a keyring that was not read again for this long signs no more */
  constructor(staleLimitMs: number) {
    this.#staleLimitMs = staleLimitMs;
  }

  /** @param readAtMs when the reading began: a change after it may not be in `keys` */
  replace(keys: readonly SigningKey[], readAtMs: number): void {
    this.#byKid = new Map(keys.map((key) => [key.kid, key]));
    this.#active = keys.find(({ signs }) => signs) ?? null;
    this.#jwks = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
    this.#readAtMs = readAtMs;
  }

  /** @throws AuthError `store_unavailable` when the keys are unknown, or not known recently enough */
  signer(nowMs: number): SigningKey {
    if (!this.#active || nowMs - this.#readAtMs > this.#staleLimitMs) {
      throw new AuthError('store_unavailable', { detail: 'No signing key is at hand; try again', retryAfterS: 1 });
    }
    return this.#active;
  }

  /** A published key. */
  find(kid: string): SigningKey | undefined {
    return this.#byKid.get(kid);
  }

  /** JSON text of the key set (RFC 7517, section 5). */
  get jwks(): string {
    return this.#jwks;
  }
}
