import type { KeyObject } from 'node:crypto';
import type { SignOptions } from 'jsonwebtoken';
import { AuthError } from '../errors.ts';

/** A published key. Its objects are made once, because making them costs more than signing. */
export interface VerifyingKey {
  kid: string;
  publicKey: KeyObject;
  /** RFC 7517, public members only. */
  jwk: Record<string, unknown>;
}

/** The key that signs. */
export interface SigningKey extends VerifyingKey {
  privateKey: KeyObject;
  /** What jsonwebtoken is told at every signature. */
  signOptions: SignOptions;
}

/** The keys as they were last read from the store. */
export class Keyring {
  readonly #staleLimitMs: number;
  #byKid = new Map<string, VerifyingKey>();
  #active: SigningKey | null = null;
  #jwks = '';
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** @param staleLimitMs a keyring that was not read again for this long signs no more */
  constructor(staleLimitMs: number) {
    this.#staleLimitMs = staleLimitMs;
  }

  /**
   * @param published every key that verifies
   * @param active the one of them that signs; null where its private part cannot be opened
   * @param readAtMs when the reading began: a change after it may not be in `published`
   */
  replace(published: readonly VerifyingKey[], active: SigningKey | null, readAtMs: number): void {
    this.#byKid = new Map(published.map((key) => [key.kid, key]));
    this.#active = active;
    this.#jwks = JSON.stringify({ keys: published.map(({ jwk }) => jwk) });
    this.#readAtMs = readAtMs;
  }

  /** @throws AuthError `store_unavailable` when the keys are unknown, or not known recently enough */
  signer(nowMs: number): SigningKey {
    if (!this.#active || nowMs - this.#readAtMs > this.#staleLimitMs) {
      throw new AuthError('store_unavailable', { detail: 'No signing key is at hand; try again', retryAfterS: 1 });
    }
    return this.#active;
  }

  /**
   * A published key.
   *
   * @throws AuthError `store_unavailable` when there are no keys yet: a token cannot be called forged before
   */
  find(kid: string): VerifyingKey | undefined {
    this.#demandKeys();
    return this.#byKid.get(kid);
  }

  /**
   * JSON text of the key set (RFC 7517, section 5).
   *
   * @throws AuthError `store_unavailable` when there are no keys yet: verifiers would believe an empty set
   */
  get jwks(): string {
    this.#demandKeys();
    return this.#jwks;
  }

  #demandKeys(): void {
    if (this.#byKid.size === 0) {
      throw new AuthError('store_unavailable', { detail: 'No key has been read yet; try again', retryAfterS: 1 });
    }
  }
}
