import type { SessionPersistence } from '../config/model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { backendToken, isSessionValue, readSession, type Session, withBackend } from '../policy/session.ts';
import { backendAt, stickyPoint } from '../policy/split.ts';
import type { Backend, RouteRule } from '../routing/rule.ts';
import { giveSession, isSecure, renewedSession, sessionValues } from '../stickiness/session-fields.ts';

/** Whether a client was new, was kept on its backend, or was moved to another one. */
export const sessionEvents = ['new', 'kept', 'moved', 'hashed'] as const;
type SessionEvent = (typeof sessionEvents)[number];

interface Chosen {
  backend: Backend | null;
  event: SessionEvent;
  /** The session that the client gets; null = it keeps the one it has. */
  session: Session | null;
}

/** Divides the requests of a rule among its backends, and keeps clients on their backend if the rule says so. */
export function split({ random, clock, meters }: Parts): Layer {
  const chooseFor = (rule: RouteRule, { headers }: Exchange, persistence: SessionPersistence): Chosen => {
    const nowS = Math.floor(clock.wall() / 1000);
    const { backend: kept, event, session: known } = heldBy(rule, headers, persistence, nowS);
    if (event === 'hashed') return { backend: kept, event, session: null };
    if (event === 'kept' && known !== null) {
      return { backend: kept, event, session: renewedSession(known, nowS, persistence) };
    }
    const backend = drawn(rule, random());
    if (backend === null) return { backend, event, session: null };
    return { backend, event, session: withBackend(known, backendToken(backend.service.id), tokensOf(rule), nowS) };
  };

  const sticky = (next: Handler, exchange: Exchange, rule: RouteRule, persistence: SessionPersistence) => {
    const { backend, event, session } = chooseFor(rule, exchange, persistence);
    if (backend === null || isUnresolved(backend)) throw noBackend();
    exchange.backend = backend;
    meters.sessions(rule.route, backend.service.name, event).value += 1;
    if (session === null) return next(exchange);
    const secure = isSecure(exchange.headers);
    return next(exchange).then((reply) => {
      const given = exchange.insteadOf === null || event === 'kept' ? session : heldByFailover(exchange, rule, session);
      if (given !== null) giveSession(reply, persistence, given, secure);
      return reply;
    });
  };

  /**
   * A new client stays with the failover backend that has replied; with none if that backend has weight 0 or no
   * instance.
   */
  const heldByFailover = ({ backend }: Exchange, rule: RouteRule, session: Session): Session | null => {
    if (backend === null || !rule.backends.includes(backend) || !usable(backend)) return null;
    const nowS = Math.floor(clock.wall() / 1000);
    return withBackend(session, backendToken(backend.service.id), tokensOf(rule), nowS);
  };

  return {
    name: 'split',
    scope: 'route',
    sentence:
      "Chooses the service by the weights of the rule's backendRefs; with sessionPersistence, a client keeps its service.",
    inside: [
      { name: 'route', reason: 'the weights are the rule’s' },
      { name: 'deadline', reason: 'the service of a request is chosen once, however often the request is tried' },
      { name: 'settle', reason: 'while settling fails, the weights of another rule count' },
      { name: 'misdirected', reason: 'a request that is routed again may get another service' },
      { name: 'filters', reason: 'a request that gets its reply from a filter needs no service' },
    ],
    wrap: (next) => (exchange) => {
      const rule = exchange.route?.rule;
      if (rule === undefined) throw noBackend();
      if (exchange.weighedBy !== null) {
        exchange.backend = backendOf(rule, exchange.weighedBy, random());
        return next(exchange);
      }
      const persistence = rule.spec.sessionPersistence;
      if (persistence !== undefined) return sticky(next, exchange, rule, persistence);
      const backend = backendAt(rule.backends, rule.weightSum, random());
      if (backend === null || isUnresolved(backend)) throw noBackend();
      exchange.backend = backend;
      return next(exchange);
    },
  };
}

/**
 * The decision by the client's session, before any draw: `kept` and `hashed` with the backend, `moved` if the client
 * cannot keep its backend, `new` if it has none here. `session` is the client's, if it can be read.
 */
export function heldBy(
  rule: RouteRule,
  headers: readonly string[],
  persistence: SessionPersistence,
  nowS: number,
): Chosen {
  const values = sessionValues(headers, persistence);
  if (persistence.type === 'Header' && values[0] !== undefined && !isSessionValue(values[0])) {
    const point = stickyPoint(rule.route, values[0]);
    return { backend: backendAt(rule.backends, rule.weightSum, point), event: 'hashed', session: null };
  }
  const sessions = values.map((value) => readSession(value, nowS, persistence)).filter((session) => session !== null);
  const tokens = tokensOf(rule);
  for (const session of sessions) {
    const backend = session.tokens
      .map((token) => rule.backends[tokens.indexOf(token)])
      .find((candidate) => candidate !== undefined && usable(candidate));
    if (backend !== undefined) return { backend, event: 'kept', session };
  }
  const known = sessions.some((session) => session.tokens.some((token) => tokens.includes(token)));
  return { backend: null, event: known ? 'moved' : 'new', session: sessions[0] ?? null };
}

function noBackend(): MeshError {
  return new MeshError('no_backend', 'The route that leads there has no backend.');
}

/** A backend with weight 0 keeps no client, and neither does one without instances. */
function usable({ weight, service }: Backend): boolean {
  return weight > 0 && service.endpoints.length > 0;
}

/** A reference that leads nowhere: its share gets 500, as the Gateway API says. */
function isUnresolved({ spec }: Backend): boolean {
  return spec.unresolved !== undefined;
}

/**
 * By the weights, among the backends with an instance: a client that leaves an empty service must not get another empty
 * one. The share of a reference that leads nowhere stays.
 */
function drawn({ backends, weightSum }: RouteRule, point: number): Backend | null {
  const there = backends.filter((backend) => usable(backend) || isUnresolved(backend));
  if (there.length === 0 || there.length === backends.length) return backendAt(backends, weightSum, point);
  return backendAt(
    there,
    there.reduce((sum, { weight }) => sum + weight, 0),
    point,
  );
}

/** The backend that `other` draws; as `rule` names it, if it does: with the filters that its requests expect. */
function backendOf(rule: RouteRule, other: RouteRule, point: number): Backend {
  const drawnBy = backendAt(other.backends, other.weightSum, point);
  const backend = rule.backends.find(({ service }) => service === drawnBy?.service) ?? drawnBy;
  if (backend === null || isUnresolved(backend)) throw noBackend();
  return backend;
}

const tokens = new WeakMap<RouteRule, string[]>();

function tokensOf(rule: RouteRule): string[] {
  let known = tokens.get(rule);
  if (known === undefined) {
    known = rule.backends.map(({ service }) => backendToken(service.id));
    tokens.set(rule, known);
  }
  return known;
}
