export interface RateLimitOptions {
  /** Sustained, above 0; may be a fraction. */
  requestsPerSecond: number;
  /** Requests that may come at once, at least 1. */
  burst: number;
}

/**
 * A token bucket in its exact form, GCRA (ITU-T I.371): not a number of tokens that is refilled and rounded, but the one
 * moment at which the bucket will be full again. Every request moves it by 1 / rate.
 */
export class TokenBucket {
  #fullAtMs = Number.NEGATIVE_INFINITY;

  /** Takes a token. @returns 0 = taken; else ms until there is one, and nothing is taken */
  take(nowMs: number, { requestsPerSecond, burst }: RateLimitOptions): number {
    const intervalMs = 1000 / requestsPerSecond;
    const fullAtMs = Math.max(this.#fullAtMs, nowMs);
    const waitMs = fullAtMs - nowMs - (burst - 1) * intervalMs;
    if (waitMs > roundingMs) return waitMs;
    this.#fullAtMs = fullAtMs + intervalMs;
    return 0;
  }

  /** Whether it is full, and so the same as a new one. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}

/** A client that comes exactly at the rate must not be refused for the last bit of a sum. */
const roundingMs = 1e-6;

/** Clients that a limit per client remembers by default. */
export const rateLimitClientsMax = 10_000;

/**
 * A token bucket for each client. It remembers so many clients at most and forgets the one that was away for longest:
 * memory is bounded whatever keys are sent. A forgotten client begins with a full bucket, so whoever can invent keys
 * is not limited by this; a limit for the whole route is.
 */
export class ClientRateLimit {
  readonly #options: RateLimitOptions;
  readonly #clientsMax: number;
  /** In the order of the last request, oldest first. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: RateLimitOptions, clientsMax: number = rateLimitClientsMax) {
    this.#options = options;
    this.#clientsMax = Math.max(1, clientsMax);
  }

  get clients(): number {
    return this.#buckets.size;
  }

  /** Takes a token of the client. @returns 0 = taken; else ms until there is one */
  take(client: string, nowMs: number): number {
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = new TokenBucket();
      if (this.#buckets.size >= this.#clientsMax) this.#forgetOldest();
    } else {
      this.#buckets.delete(client);
    }
    this.#buckets.set(client, bucket);
    return bucket.take(nowMs, this.#options);
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}

/** Retry-After counts whole seconds, and 0 would mean at once (RFC 9110 section 10.2.3). */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}
