export interface RateLimitOptions {
  /** Sustained, above 0; may be a fraction. */
  requestsPerSecond: number;
  /** Requests that may come at once, at least 1. */
  burst: number;
}

/**
 * A token bucket in its exact form, GCRA (ITU-T I.371). Instead of a number of tokens that is refilled and rounded, it
 * keeps the moment at which the bucket will be full again. Every request moves that moment by 1 / rate.
 */
export class TokenBucket {
  #fullAtMs = Number.NEGATIVE_INFINITY;

  /** Takes a token. @returns 0 = taken; otherwise ms until a token is available, and nothing is taken */
  take(nowMs: number, { requestsPerSecond, burst }: RateLimitOptions): number {
    const intervalMs = 1000 / requestsPerSecond;
    const fullAtMs = Math.max(this.#fullAtMs, nowMs);
    const waitMs = fullAtMs - nowMs - (burst - 1) * intervalMs;
    if (waitMs > roundingMs) return waitMs;
    this.#fullAtMs = fullAtMs + intervalMs;
    return 0;
  }

  /** Whether the bucket is full, and so the same as a new one. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}

/** A client that comes exactly at the rate must not be refused because of rounding. */
const roundingMs = 1e-6;

/** The default maximum of clients that a limit per client remembers. */
export const rateLimitClientsMax = 10_000;

/**
 * A token bucket for each client, with a maximum of clients: memory is bounded whatever keys are sent. Clients live in
 * two generations. When the young generation is full it becomes the old one, and the previous old one is forgotten. So
 * at least the last `clientsMax / 2` clients are remembered, in constant time. (Removing the oldest key of a busy Map
 * would walk over all keys that were removed before.)
 *
 * A forgotten client begins with a full bucket: clients that invent keys are bounded only by a limit for the whole
 * route.
 */
export class ClientRateLimit {
  readonly #options: RateLimitOptions;
  readonly #generationMax: number;
  #young = new Map<string, TokenBucket>();
  #old = new Map<string, TokenBucket>();

  /** @param clientsMax at least 2 */
  constructor(options: RateLimitOptions, clientsMax: number = rateLimitClientsMax) {
    this.#options = options;
    this.#generationMax = Math.max(1, Math.floor(clientsMax / 2));
  }

  /** Remembered clients; one that has just come back may count twice. */
  get clients(): number {
    return this.#young.size + this.#old.size;
  }

  /** Takes a token of the client. @returns 0 = taken; otherwise ms until a token is available */
  take(client: string, nowMs: number): number {
    const known = this.#young.get(client);
    if (known !== undefined) return known.take(nowMs, this.#options);
    const bucket = this.#old.get(client) ?? new TokenBucket();
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(client, bucket);
    return bucket.take(nowMs, this.#options);
  }
}

/** Retry-After counts whole seconds, and 0 would mean at once (RFC 9110 section 10.2.3). */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}
