import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ShopError } from '../errors.ts';

const refetchAfterMs = 10_000;
/** Older keys are refreshed in the background, because the issuer may have withdrawn one. */
const maxAgeMs = 300_000;
const fetchTimeoutMs = 3_000;

/** Fetches a JWK Set (RFC 7517). */
export type FetchKeys = (url: string) => Promise<unknown>;

/** A cache of another issuer's published keys. A token with an unknown key id triggers a refresh. */
export class IssuerKeys {
  readonly #url: string;
  readonly #now: () => Date;
  readonly #fetchKeys: FetchKeys;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #requestedAtMs = Number.NEGATIVE_INFINITY;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(url: string, now: () => Date, fetchKeys: FetchKeys = fetchJson) {
    this.#url = url;
    this.#now = now;
    this.#fetchKeys = fetchKeys;
  }

  /**
   * The key with an id; undefined if the issuer has none.
   * @throws ShopError `issuer_unavailable` when the issuer has never published its keys to this process
   */
  async find(keyId: string): Promise<KeyObject | undefined> {
    const known = this.#keys.get(keyId);
    if (known === undefined) {
      // Tokens can name any key id. While the issuer is down, its last keys decide about a made-up id: with a 503, any
      // client could make this process look broken.
      await this.#refresh().catch((error: unknown) => {
        if (this.#keys.size === 0) throw error;
      });
      return this.#keys.get(keyId);
    }
    // The refresh runs in the background. While the issuer is down, the known keys stay.
    if (this.#now().getTime() - this.#fetchedAtMs >= maxAgeMs) this.#refresh().catch(() => undefined);
    return known;
  }

  async #refresh(): Promise<void> {
    // Made-up key ids must not cause requests to the issuer, whether or not it responds.
    const sinceAskedMs = this.#now().getTime() - this.#requestedAtMs;
    if (this.#fetching === undefined && sinceAskedMs < refetchAfterMs && this.#keys.size > 0) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    this.#requestedAtMs = this.#now().getTime();
    try {
      this.#keys = parseKeys(await this.#fetchKeys(this.#url));
      this.#fetchedAtMs = this.#now().getTime();
    } catch (cause) {
      throw new ShopError(
        'issuer_unavailable',
        { detail: 'The keys of the token issuer are not available' },
        { cause },
      );
    }
  }
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs), redirect: 'error' });
  if (!response.ok) throw new Error(`The issuer responded with ${response.status}`);
  return response.json();
}

/**
 * Reads the usable keys of a JWK Set and skips damaged ones.
 * @throws Error when no key is usable: an empty set must not replace known keys
 */
function parseKeys(document: unknown): Map<string, KeyObject> {
  const keys: unknown = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
  if (!Array.isArray(keys)) throw new Error('The issuer did not respond with a JWK Set');
  const usable = new Map<string, KeyObject>();
  for (const key of keys) {
    const object = keyObject(key);
    if (object !== undefined) usable.set(key.kid, object);
  }
  if (usable.size === 0) throw new Error('The issuer published no usable key');
  return usable;
}

/** Creates the KeyObject once: creating it for each verification costs many times the verification itself. */
function keyObject(key: JsonWebKey | null): KeyObject | undefined {
  if (key?.kty !== 'EC' || key.crv !== 'P-256' || typeof key.kid !== 'string') return undefined;
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}
