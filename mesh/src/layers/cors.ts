import { applyCors, type Cors, corsOf } from '../filters/cors.ts';
import type { Layer } from '../layer.ts';
import type { Generation } from '../parts.ts';
import { localReply } from '../reply.ts';
import type { RouteRule } from '../routing/rule.ts';

/**
 * The CORS filters of rules. The layer stands outside every layer that refuses requests. So a script can read each
 * refusal, and a preflight, which never reaches the service, counts against no limit.
 */
export function cors({ routes }: Generation): Layer {
  const byRule = new Map<RouteRule, Cors>();
  for (const rule of routes.rules) {
    for (const filter of rule.spec.filters) if (filter.type === 'CORS') byRule.set(rule, corsOf(filter.cors));
  }

  return {
    name: 'cors',
    scope: 'request',
    sentence:
      "Replies to CORS preflights by the rule's filter, and adds the CORS fields to every reply, failures included.",
    inside: [
      { name: 'route', reason: 'the filter is the rule’s' },
      { name: 'rescue', reason: 'failures further in get the fields there' },
    ],
    wrap: (next) => {
      if (byRule.size === 0) return next;
      return (exchange) => {
        const filter = exchange.route === null ? undefined : byRule.get(exchange.route.rule);
        if (filter === undefined) return next(exchange);
        const preflight = filter.preflight(exchange.method, exchange.headers);
        if (preflight !== null) return Promise.resolve(localReply(204, preflight, ''));
        // By the fields as received: filters may change Origin.
        const fields = filter.replyFields(exchange.headers);
        exchange.failureHeaders = [...(exchange.failureHeaders ?? []), ...fields];
        return next(exchange).then((reply) => {
          applyCors(reply.headers, fields);
          return reply;
        });
      };
    },
  };
}
