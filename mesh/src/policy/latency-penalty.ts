/**
 * The latency that an attempt counts as for balancing. A failure, 429 or 503 counts as at least `penaltyMs` (what a Retry-After
 * asks for, up to `maxRetryAfterMs`, if that is more): an endpoint that fails fast must not look like the best one
 * (the "black hole" of latency-based balancing; Linkerd's load biaser does the same).
 *
 * @param status of the reply; 0 where there was none
 * @param retryAfterMs what the reply asked for; 0 where it did not
 */
export function countedLatencyMs(
  latencyMs: number,
  status: number,
  retryAfterMs: number,
  { failurePenaltyMs, maxRetryAfterMs }: { failurePenaltyMs: number; maxRetryAfterMs: number },
): number {
  if (!countsAsSlow(status)) return latencyMs;
  return Math.max(latencyMs, failurePenaltyMs, Math.min(retryAfterMs, maxRetryAfterMs));
}

/** No reply, a server's error, or a server that asks for mercy (RFC 9110 section 15.6, RFC 6585 section 4). */
export function countsAsSlow(status: number): boolean {
  return status === 0 || status >= 500 || status === 429;
}
