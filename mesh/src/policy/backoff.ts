export interface BackoffOptions {
  /** The first wait before jitter, ms. */
  baseMs: number;
  /** No wait is longer, ms. A Retry-After is. */
  maxMs: number;
  jitter: 'Full' | 'Decorrelated';
}

/**
 * How long to wait before a retry, ms. Clients that failed together must not come back together, so chance decides over
 * the whole range. (Brooker, "Exponential Backoff and Jitter".)
 *
 * - Full: 0 to `baseMs`, doubled with each retry.
 * - Decorrelated: `baseMs` to three times the wait before.
 *
 * Retry-After is the floor, and the jitter comes on top of it.
 *
 * @param retry 1 for the first retry
 * @param previousMs the wait before the last retry; 0 for the first
 * @param retryAfterMs of the reply; 0 = none
 * @param random uniform in [0, 1)
 */
export function backoffMs(
  { baseMs, maxMs, jitter }: BackoffOptions,
  retry: number,
  previousMs: number,
  retryAfterMs: number,
  random: () => number,
): number {
  const waitMs =
    jitter === 'Full' ? fullJitter(baseMs, maxMs, retry, random) : decorrelated(baseMs, maxMs, previousMs, random);
  return retryAfterMs + waitMs;
}

function fullJitter(baseMs: number, maxMs: number, retry: number, random: () => number): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(retry - 1, doublingsMax));
}

function decorrelated(baseMs: number, maxMs: number, previousMs: number, random: () => number): number {
  // What a Retry-After added to the wait before is no reason to wait longer and longer.
  const upToMs = Math.max(baseMs, Math.min(previousMs, maxMs) * 3);
  return Math.min(maxMs, baseMs + random() * (upToMs - baseMs));
}

/** Any base has reached any cap by then, and 2 to the power of it is still a number. */
const doublingsMax = 60;

/**
 * A Retry-After (RFC 9110 section 10.2.3: whole seconds, or a date) as ms from now; 0 where it is absent, unusable or past.
 *
 * @param wallMs milliseconds since 1970, which the date is measured from
 */
export function retryAfterMs(value: string | undefined, wallMs: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  // All three forms of an HTTP date begin with the name of a day.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return 0;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - wallMs);
}
