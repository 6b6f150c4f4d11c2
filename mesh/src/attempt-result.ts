import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { AttemptResult } from './policy/balancer.ts';

/**
 * What an attempt that ended with `error` says about its endpoint. Only what the endpoint did, or failed to do in the
 * time that the route gives it, is a failure: a client that goes away or brings a deadline too short for anybody must not
 * be able to take endpoints out.
 *
 * @param tookMs since the attempt began
 */
export function resultOf(exchange: Exchange, error: MeshError, tookMs: number): AttemptResult {
  if (error.row.where !== 'upstream') return 'abandoned';
  if (error.code !== 'deadline_exceeded') return 'failure';
  const { requestMs = 0, backendRequestMs = 0 } = exchange.route?.rule.spec.timeouts ?? {};
  const givenMs = backendRequestMs > 0 ? backendRequestMs : requestMs;
  // Half of it: a retry or a wait in the queue has used up the rest.
  return givenMs > 0 && tookMs >= givenMs / 2 ? 'failure' : 'abandoned';
}
