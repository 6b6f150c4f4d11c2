/**
 * How much time the sender still gives the request, in whole milliseconds from arrival. Relative, as in gRPC's
 * grpc-timeout, because a point in time would need synchronized clocks. The time on the network is not included; each
 * hop subtracts its own time.
 */
export const deadlineHeader = 'x-request-timeout-ms';

/** A longer deadline counts as this, a day: no timer is set for longer. */
export const deadlineMaxMs = 86_400_000;

/**
 * The value of the header, ms. 0 = expired; null = absent or unusable. An unusable header limits nothing, because a
 * client that garbles it must not be able to fail requests. Of several values (a list) the strictest counts.
 */
export function parseDeadline(value: string | undefined): number | null {
  if (value === undefined || value.length > 256) return null;
  let strictest: number | null = null;
  for (const part of value.split(',')) {
    const text = part.trim();
    if (!/^\d{1,15}$/.test(text)) continue;
    const ms = Math.min(deadlineMaxMs, Number(text));
    strictest = strictest === null ? ms : Math.min(strictest, ms);
  }
  return strictest;
}

/**
 * The value to send on, or null without a deadline. Rounded down: the next hop must give up before this one. At least
 * 1, since this hop is still waiting.
 *
 * @param deadlineAtMs monotonic ms; Infinity = none
 */
export function formatDeadline(deadlineAtMs: number, nowMs: number): string | null {
  if (deadlineAtMs === Number.POSITIVE_INFINITY) return null;
  return String(Math.max(1, Math.min(deadlineMaxMs, Math.floor(deadlineAtMs - nowMs))));
}

/**
 * The deadline of a request at this hop, monotonic ms: the earlier of the caller's and the route's.
 *
 * @param headerMs from `parseDeadline`
 * @param limitMs the route's own limit; 0 = none
 */
export function deadlineAtMs(arrivedAtMs: number, headerMs: number | null, limitMs: number): number {
  const given = headerMs ?? Number.POSITIVE_INFINITY;
  const allowed = limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs;
  return arrivedAtMs + Math.min(given, allowed);
}

/** Whether the deadline has passed. The moment itself counts as passed. */
export function hasExpired(deadlineMs: number, nowMs: number): boolean {
  return nowMs >= deadlineMs;
}
