export interface BackoffOptions {
  /** The shortest wait, ms: the HTTPRoute's `retry.backoff`. */
  baseMs: number;
  /** The maximum wait, ms; twice `baseMs` if that is more. */
  maxMs: number;
  jitter: 'Full' | 'Decorrelated';
}

/**
 * How long to wait before a retry, ms. `baseMs` is the minimum (Gateway API, HTTPRouteRetry: "backend requests are not
 * retried before the configured minimum duration"), and jitter only adds to it. There is always jitter, because clients
 * that failed together must not come back together. (Brooker, "Exponential Backoff and Jitter".)
 *
 * - Full: from `baseMs` to twice that, the upper end doubled with each retry.
 * - Decorrelated: from `baseMs` to twice that, then to three times the wait before.
 *
 * A Retry-After that is longer than `baseMs` replaces it as the minimum; the spread above it stays the same.
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
  const capMs = Math.max(maxMs, 2 * baseMs);
  const growthMs =
    jitter === 'Full'
      ? baseMs * 2 ** Math.min(retry, doublingsMax)
      : // The part of the previous wait that a Retry-After added must not make the following waits longer.
        Math.max(2 * baseMs, Math.min(previousMs, capMs) * 3);
  return Math.max(baseMs, retryAfterMs) + random() * (Math.min(capMs, growthMs) - baseMs);
}

/** By then any base has reached any cap, and 2 to the power of it is still a finite number. */
const doublingsMax = 60;

/**
 * A Retry-After (RFC 9110 section 10.2.3: whole seconds, or a date) as ms from now; 0 if it is absent, unusable or
 * past.
 *
 * @param wallMs milliseconds since 1970, from which the date is measured
 */
export function retryAfterMs(value: string | undefined, wallMs: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  // All three forms of an HTTP date begin with the name of a day.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return 0;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - wallMs);
}
