import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { AttemptResult } from './policy/balancer.ts';

/**
 * How an attempt that ended with `error` counts for its endpoint. It is a failure if the endpoint caused it, or used up
 * the time of the route. A client that goes away, or sends too short a deadline, must not be able to take endpoints
 * out.
 *
 * @param tookMs since the attempt began
 */
export function resultOf(exchange: Exchange, error: MeshError, tookMs: number): AttemptResult {
  if (error.row.where !== 'upstream') return 'abandoned';
  if (error.code !== 'deadline_exceeded') return 'failure';
  const { requestMs = 0, backendRequestMs = 0 } = exchange.route?.rule.spec.timeouts ?? {};
  const givenMs = backendRequestMs > 0 ? backendRequestMs : requestMs;
  // Half of the time: a retry or a wait in the queue has used up the rest.
  return givenMs > 0 && tookMs >= givenMs / 2 ? 'failure' : 'abandoned';
}
