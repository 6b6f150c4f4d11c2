import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ShopError } from '../errors.ts';

const REFETCH_AFTER_MS = 10_000;
/** Keys older than this are read again beside the request that notices: an issuer may have withdrawn one. */
const MAX_AGE_MS = 300_000;
const FETCH_TIMEOUT_MS = 3_000;

/** Reads a JWK Set (RFC 7517) from somewhere. */
export type FetchKeys = (url: string) => Promise<unknown>;

/** The published keys of another issuer, kept, and read again when a token names one that is not among them. */
export class IssuerKeys {
  readonly #url: string;
  readonly #now: () => Date;
  readonly #fetchKeys: FetchKeys;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(url: string, now: () => Date, fetchKeys: FetchKeys = fetchJson) {
    this.#url = url;
    this.#now = now;
    this.#fetchKeys = fetchKeys;
  }

  /** The key of that id; undefined where the issuer has none. Throws 503 where the issuer has never answered. */
  async find(keyId: string): Promise<KeyObject | undefined> {
    const known = this.#keys.get(keyId);
    if (known === undefined) {
      await this.#refresh();
      return this.#keys.get(keyId);
    }
    // Nobody waits for this one, and where the issuer is down the known keys stay.
    if (this.#ageMs() >= MAX_AGE_MS) this.#refresh().catch(() => undefined);
    return known;
  }

  async #refresh(): Promise<void> {
    // Tokens can name any key: made-up ones must not turn into requests to the issuer.
    if (this.#fetching === undefined && this.#ageMs() < REFETCH_AFTER_MS && this.#keys.size > 0) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  #ageMs(): number {
    return this.#now().getTime() - this.#fetchedAtMs;
  }

  async #fetch(): Promise<void> {
    try {
      this.#keys = parseKeys(await this.#fetchKeys(this.#url));
      this.#fetchedAtMs = this.#now().getTime();
    } catch (cause) {
      throw new ShopError('issuer_unavailable', { detail: 'The keys of the token issuer cannot be had' }, { cause });
    }
  }
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`The issuer answered ${response.status}`);
  return response.json();
}

function parseKeys(document: unknown): Map<string, KeyObject> {
  const keys: unknown = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
  if (!Array.isArray(keys)) throw new Error('The issuer did not answer with a JWK Set');
  const usable = (keys as JsonWebKey[]).filter((key) => key.kty === 'EC' && key.crv === 'P-256');
  // A KeyObject made once: made from the JWK at each verification it would cost many times the verification.
  return new Map(usable.map((key) => [String(key.kid), createPublicKey({ key, format: 'jwk' })]));
}
