import type { RateLimit } from '../config/policy-model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Generation, Parts } from '../parts.ts';
import { clientKey } from '../policy/client-key.ts';
import { ClientRateLimit, retryAfterSeconds, TokenBucket } from '../policy/rate-limit.ts';
import type { RouteRule } from '../routing/rule.ts';

/** Takes a token for the exchange. @returns 0 = taken; otherwise ms until a token is available */
type Take = (exchange: Exchange, nowMs: number) => number;

/**
 * The buckets of limits, by route and by the limit's document, for each process: a change of the configuration must not
 * refill every bucket.
 */
const kept = new WeakMap<Parts, Map<string, Take>>();

/** Bounds the requests per second of routes, and of single clients of a route. */
export function rateLimit(parts: Parts, { routes }: Generation): Layer {
  const before = kept.get(parts) ?? new Map<string, Take>();
  const after = new Map<string, Take>();
  const byRule = new Map<RouteRule, Take[]>();
  for (const rule of routes.rules) {
    // The limits of single clients come first: requests that exceed them must not use up the tokens of the route.
    const limits = rule.policy.rateLimits.toSorted((a, b) => Number(a.per === 'Route') - Number(b.per === 'Route'));
    const takes = limits.map((limit) => {
      const key = `${rule.route} ${JSON.stringify(limit)}`;
      const take = after.get(key) ?? before.get(key) ?? takerOf(limit);
      after.set(key, take);
      return take;
    });
    if (takes.length > 0) byRule.set(rule, takes);
  }
  kept.set(parts, after);

  return {
    name: 'rate limit',
    scope: 'request',
    sentence: 'Replies 429 to requests beyond the rate of the route, or of the client on it.',
    inside: [
      { name: 'route', reason: 'the limits are the route’s' },
      { name: 'cors', reason: 'a preflight counts against no limit, and a script can read why it is refused' },
      {
        name: 'forwarding',
        reason: 'it determines the address of the client, and drops the headers that no outsider may send',
      },
    ],
    wrap: (next) => (exchange) => {
      const takes = exchange.route === null ? undefined : byRule.get(exchange.route.rule);
      if (takes === undefined) return next(exchange);
      const nowMs = parts.clock.now();
      for (const take of takes) {
        const waitMs = take(exchange, nowMs);
        if (waitMs === 0) continue;
        throw new MeshError('rate_limited', 'More requests than this route takes in this time.', {
          retryAfterS: retryAfterSeconds(waitMs),
        });
      }
      return next(exchange);
    },
  };
}

function takerOf(limit: RateLimit): Take {
  if (limit.per === 'Route') {
    const bucket = new TokenBucket();
    return (_exchange, nowMs) => bucket.take(nowMs, limit);
  }
  const clients = new ClientRateLimit(limit);
  const { clientHeader } = limit;
  return (exchange, nowMs) => {
    const value = clientHeader === undefined ? undefined : header(exchange.headers, clientHeader);
    return clients.take(clientKey(exchange.facts.clientAddress, value), nowMs);
  };
}
