/**
 * How much time the sender still gives the request, in whole milliseconds from arrival. Relative, as in gRPC's
 * grpc-timeout: a point in time would need clocks that agree. What the network takes is not in it, and each hop takes it
 * off again.
 */
export const deadlineHeader = 'x-request-timeout-ms';

/** More is taken for this, a day: no timer is set for longer. */
export const deadlineMaxMs = 86_400_000;

/**
 * What the header says, ms. 0 = it has expired already; null = there is no (usable) one, and then it limits nothing: a
 * header that a client can garble must not be able to fail requests. Of several values (a list) the strictest counts.
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
 * What to send on, or null where there is no deadline. Rounded down: the next hop must give up before this one does. At
 * least 1, since this hop is still waiting.
 *
 * @param deadlineAtMs monotonic ms; Infinity = none
 */
export function formatDeadline(deadlineAtMs: number, nowMs: number): string | null {
  if (deadlineAtMs === Number.POSITIVE_INFINITY) return null;
  return String(Math.max(1, Math.min(deadlineMaxMs, Math.floor(deadlineAtMs - nowMs))));
}

/**
 * The deadline of a request at this hop, monotonic ms: the earlier of what the caller gives and what the route allows.
 *
 * @param headerMs from `parseDeadline`
 * @param limitMs the route's own limit; 0 = none
 */
export function deadlineAtMs(arrivedAtMs: number, headerMs: number | null, limitMs: number): number {
  const given = headerMs ?? Number.POSITIVE_INFINITY;
  const allowed = limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs;
  return arrivedAtMs + Math.min(given, allowed);
}

/** Whether nobody waits any more. At the moment itself it is over. */
export function hasExpired(deadlineMs: number, nowMs: number): boolean {
  return nowMs >= deadlineMs;
}
