import type { Exchange } from '../exchange.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import type { Reply } from '../reply.ts';
import type { RouteMatch, RouteRule } from '../routing/rule.ts';
import { ruleNow } from '../routing/rule-now.ts';

/** Lets the new requests of a rule wait while an operator holds it, and counts those that are in flight. */
export function hold({ holds, inForce }: Parts): Layer {
  const waited = async (exchange: Exchange, { rule, match }: RouteMatch): Promise<RouteRule> => {
    await holds.wait(exchange, rule);
    // The weights have changed meanwhile: that is what a hold is for.
    const now = ruleNow(inForce.routes, rule);
    exchange.route = { rule: now, match };
    return now;
  };

  const handled = async (next: Handler, exchange: Exchange, route: RouteMatch): Promise<Reply> => {
    const rule = holds.holds(route.rule) ? await waited(exchange, route) : route.rule;
    const leave = holds.trafficOf(rule).enter();
    try {
      const reply = await next(exchange);
      // A tunnel may last for days: it does not count as a request in flight.
      if (reply.tunneled) leave();
      else reply.body.onEnd(leave);
      return reply;
    } catch (thrown) {
      leave();
      throw thrown;
    }
  };

  return {
    name: 'hold',
    scope: 'route',
    sentence:
      'Lets new requests of a rule wait for a few seconds while it is held (`mesh hold`), and counts its requests in flight.',
    inside: [
      { name: 'route', reason: 'a hold names a route and a rule' },
      { name: 'body limit', reason: 'a request that is refused for its length need not wait' },
      { name: 'deadline', reason: 'a request that is held must not wait past its deadline' },
      { name: 'rate limit', reason: 'a request over the limit need not wait' },
    ],
    wrap: (next) => (exchange) => {
      const { route, upgrade } = exchange;
      return route === null || upgrade !== null ? next(exchange) : handled(next, exchange, route);
    },
  };
}
