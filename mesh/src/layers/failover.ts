import type { Service } from '../discovery/service.ts';
import { asMeshError, type FailureCode, type MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { headerValues } from '../headers.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { readOverrides } from '../policy/override.ts';
import type { Reply } from '../reply.ts';
import type { Failover } from '../routing/rule.ts';
import { whyUnusable } from '../service-state/readiness.ts';
import { safeMethods } from './mirror.ts';
import { overrideHeader } from './override.ts';

/** Failures that come before a request is sent: if it certainly was not, the other backend can have it. */
const unreached: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'no_endpoint',
  'connect_failed',
  'connect_timeout',
  'upstream_reset',
]);

/** Failures of an endpoint that ends while it has a request. */
const broken: ReadonlySet<FailureCode> = new Set<FailureCode>(['connect_failed', 'upstream_reset']);

/**
 * Sends a request to the route's failover backend where its own backend has no endpoint, or no healthy one: when it comes,
 * or by the time it has waited there in vain. Also, before health checks notice, where no attempt has reached the backend,
 * and where the endpoint has ended with the request of a route that may send it twice. Off by default.
 */
export function failover({ clock, random, meters }: Parts): Layer {
  const failOver = (exchange: Exchange, { backend }: Failover, reason: string) => {
    const { route } = exchange;
    meters.failovers(
      route?.rule.route ?? '',
      exchange.backend?.service.name ?? '',
      backend.service.name,
      reason,
    ).value += 1;
    exchange.insteadOf = exchange.backend;
    exchange.backend = backend;
  };

  /** Whether the failover backend has an endpoint that can reply. */
  const canReply = ({ backend }: Failover) => whyUnusable(backend.service, clock.now(), random) === null;

  /** Why the failure of all attempts is no verdict on the request; null where it is one. */
  const whyMoved = ({ code, delivery }: MeshError, exchange: Exchange, service: Service): string | null => {
    if (delivery === 'not_sent') {
      if (unreached.has(code)) return 'not_reached';
      // Shedding protects a service that has instances. It has waited for one that has none any more.
      return code === 'overloaded' ? whyUnusable(service, clock.now(), random) : null;
    }
    const twice = exchange.route?.rule.spec.retry !== undefined && safeMethods.has(exchange.method);
    return twice && broken.has(code) ? 'broken_off' : null;
  };

  const attempted = async (next: Handler, exchange: Exchange, service: Service, plan: Failover): Promise<Reply> => {
    const { path, authority, failureHeaders } = exchange;
    const headers = exchange.headers.slice();
    try {
      return await next(exchange);
    } catch (thrown) {
      const why = exchange.aborted === null ? whyMoved(asMeshError(thrown), exchange, service) : null;
      if (why === null || !canReply(plan)) throw thrown;
      // The request before the filters of the first backend.
      Object.assign(exchange, { path, authority, failureHeaders, headers, endpoint: null, tried: null });
      failOver(exchange, plan, why);
      return next(exchange);
    }
  };

  return {
    name: 'failover',
    scope: 'route',
    sentence:
      "Sends a request whose backend has no endpoint, or no healthy one, to the route's failover backend. Off by default.",
    inside: [
      { name: 'split', reason: 'it replaces a backend that the weights have chosen' },
      { name: 'override', reason: 'a service that a request asks for by name is not replaced' },
      { name: 'deadline', reason: 'both tries together are bounded' },
    ],
    wrap: (next) => (exchange) => {
      const plan = exchange.route?.rule.failover;
      const service = exchange.backend?.service;
      if (plan === undefined || service === undefined || service === plan.backend.service) return next(exchange);
      // The other side is behind: a late reply would be better than an old one.
      if (exchange.weighedBy !== null) return next(exchange);
      if (!plan.methods.has(exchange.method) || askedFor(exchange, service.name)) return next(exchange);
      const why = whyUnusable(service, clock.now(), random);
      if (why === null) {
        // An attempt may have read a body by then.
        return exchange.body === null ? attempted(next, exchange, service, plan) : next(exchange);
      }
      if (canReply(plan)) failOver(exchange, plan, why);
      return next(exchange);
    },
  };
}

/** Whether an override has sent the request to `service`. */
function askedFor({ headers }: Exchange, service: string): boolean {
  const values = headerValues(headers, overrideHeader);
  return values.length > 0 && [...(readOverrides(values)?.values() ?? [])].includes(service);
}
