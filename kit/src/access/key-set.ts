import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { MeshClient } from '../mesh/client.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';

/** After a request for the keys, the next one for an unknown key id waits at least this long. */
const refetchAfterMs = 10_000;
/** Older keys are refreshed in the background, because the issuer may have withdrawn one. */
const maxAgeMs = 300_000;

export interface KeySetOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** The service that publishes its keys (RFC 7517), and the path. */
  service: string;
  path: string;
  now: Clock;
}

/** A cache of an issuer's published keys. A token with an unknown key id triggers a refresh. */
export class KeySet {
  readonly #options: KeySetOptions;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #requestedAtMs = Number.NEGATIVE_INFINITY;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /**
   * The key with an id; undefined if the issuer has none.
   *
   * @throws ServiceError `issuer_unavailable`: the issuer has never published its keys to this process
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
    // While the issuer is down, the known keys stay.
    if (this.#options.now() - this.#fetchedAtMs >= maxAgeMs) this.#refresh().catch(() => undefined);
    return known;
  }

  async #refresh(): Promise<void> {
    // Made-up key ids must not cause requests to the issuer, whether or not it responds.
    const sinceMs = this.#options.now() - this.#requestedAtMs;
    if (this.#fetching === undefined && sinceMs < refetchAfterMs && this.#keys.size > 0) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { mesh, service, path, now } = this.#options;
    this.#requestedAtMs = now();
    try {
      const { status, text } = await mesh.send({ service, method: 'GET', path });
      if (status !== 200) throw new Error(`the ${service} service replied ${status}`);
      this.#keys = keysOf(JSON.parse(text));
      this.#fetchedAtMs = now();
    } catch (cause) {
      throw new ServiceError('issuer_unavailable', {
        cause,
        detail: 'The keys of the token issuer are not available',
        retryAfterS: 1,
      });
    }
  }
}

/**
 * Reads the usable keys of a JWK Set and skips damaged ones.
 *
 * @throws Error when no key is usable: an empty set must not replace known keys
 */
function keysOf(document: unknown): Map<string, KeyObject> {
  const keys: unknown = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
  const usable = (Array.isArray(keys) ? keys : []).flatMap((key: (JsonWebKey & { kid?: unknown }) | null) => {
    const object = keyObject(key);
    return object === undefined ? [] : [[String(key?.kid), object] as const];
  });
  if (usable.length === 0) throw new Error('the issuer published no usable key');
  return new Map(usable);
}

/** Makes the KeyObject once: making it for each verification costs many times the verification itself. */
function keyObject(key: (JsonWebKey & { kid?: unknown }) | null): KeyObject | undefined {
  if (key?.kty !== 'EC' || key.crv !== 'P-256' || typeof key.kid !== 'string') return undefined;
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}
