import type { KeyObject } from 'node:crypto';
import type { SignOptions } from 'jsonwebtoken';
import { AuthError } from '../errors.ts';

/** A published key. Its objects are created once, because that costs more than a signature. */
export interface VerifyingKey {
  kid: string;
  publicKey: KeyObject;
  /** RFC 7517, public members only. */
  jwk: Record<string, unknown>;
}

/** The key that signs. */
export interface SigningKey extends VerifyingKey {
  privateKey: KeyObject;
  /** Options for jsonwebtoken, the same for every signature. */
  signOptions: SignOptions;
}

/** The keys as last read from the store. */
export class Keyring {
  readonly #staleLimitMs: number;
  #byKid = new Map<string, VerifyingKey>();
  #active: SigningKey | null = null;
  #jwks = '';
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** @param staleLimitMs the keyring stops signing when it was last read longer ago than this */
  constructor(staleLimitMs: number) {
    this.#staleLimitMs = staleLimitMs;
  }

  /**
   * @param published every key that verifies
   * @param active the key that signs; null if its private part cannot be opened
   * @param readAtMs when the read began: `published` may lack later changes
   */
  replace(published: readonly VerifyingKey[], active: SigningKey | null, readAtMs: number): void {
    this.#byKid = new Map(published.map((key) => [key.kid, key]));
    this.#active = active;
    this.#jwks = JSON.stringify({ keys: published.map(({ jwk }) => jwk) });
    this.#readAtMs = readAtMs;
  }

  /** @throws AuthError `store_unavailable` when no keys have been read, or not recently enough */
  signer(nowMs: number): SigningKey {
    if (!this.#active || nowMs - this.#readAtMs > this.#staleLimitMs) {
      throw new AuthError('store_unavailable', { detail: 'No signing key is available; try again', retryAfterS: 1 });
    }
    return this.#active;
  }

  /**
   * A published key.
   *
   * @throws AuthError `store_unavailable` when no keys have been read: a token cannot be called forged until then
   */
  find(kid: string): VerifyingKey | undefined {
    this.#demandKeys();
    return this.#byKid.get(kid);
  }

  /**
   * JSON text of the key set (RFC 7517, section 5).
   *
   * @throws AuthError `store_unavailable` when no keys have been read: verifiers would cache an empty set
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
