import type { RateLimit } from '../config/policy-model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Generation, Parts } from '../parts.ts';
import { clientKey } from '../policy/client-key.ts';
import { ClientRateLimit, retryAfterSeconds, TokenBucket } from '../policy/rate-limit.ts';
import type { RouteRule } from '../routing/rule.ts';

/** Takes a token for the exchange. @returns 0 = taken; else ms until there is one */
type Take = (exchange: Exchange, nowMs: number) => number;

/**
 * What limits have counted, by route and words of the limit, for each process: a change of the configuration must not
 * fill everybody's bucket again.
 */
const kept = new WeakMap<Parts, Map<string, Take>>();

/** Holds routes, and single clients of a route, to so many requests a second. */
export function rateLimit(parts: Parts, { routes }: Generation): Layer {
  const before = kept.get(parts) ?? new Map<string, Take>();
  const now = new Map<string, Take>();
  const byRule = new Map<RouteRule, Take[]>();
  for (const rule of routes.rules) {
    // Those of single clients first: what one sends too fast must not use up what the route has for all.
    const limits = rule.policy.rateLimits.toSorted((a, b) => Number(a.per === 'Route') - Number(b.per === 'Route'));
    const takes = limits.map((limit) => {
      const words = `${rule.route} ${JSON.stringify(limit)}`;
      const take = now.get(words) ?? before.get(words) ?? takerOf(limit);
      now.set(words, take);
      return take;
    });
    if (takes.length > 0) byRule.set(rule, takes);
  }
  kept.set(parts, now);

  return {
    name: 'rate limit',
    scope: 'request',
    sentence: 'Answers 429 to what comes faster than the route, or the client on it, may send.',
    inside: [
      { name: 'route', reason: 'the limits are the route’s' },
      { name: 'cors', reason: 'a preflight counts against no limit, and a script can read why it is refused' },
      {
        name: 'forwarding',
        reason: 'it finds out the address of the client, and drops the headers that no outsider may claim',
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
