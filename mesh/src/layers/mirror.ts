import { bodyOf } from '../body.ts';
import type { MirrorPolicy, RequestMirror } from '../config/model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError, MeshError } from '../errors.ts';
import { Exchange } from '../exchange.ts';
import { header, removeHeader, setHeader } from '../headers.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Generation, Parts } from '../parts.ts';
import { sampled } from '../policy/fraction.ts';
import { BodyTee, type Kept } from '../replay/body-tee.ts';
import type { ClientSink, Reply } from '../reply.ts';
import { pathnameOf } from '../routing/match.ts';
import type { RouteRule } from '../routing/rule.ts';
import { readinessIn } from '../service-state/readiness.ts';
import { errorClass, statusClass, statusClasses } from '../telemetry/classes.ts';
import type { ShadowSkip } from '../telemetry/shadows.ts';

/**
 * On every copy: the route of the original. The receiver must know that no client waits for a reply, and that the
 * request was sent twice.
 */
export const shadowHeader = 'x-mesh-shadow';

export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const pathCharsMax = 256;

/** Turns an exception of a handler that has not returned a promise yet into a rejected promise. */
async function started(next: Handler, exchange: Exchange): Promise<Reply> {
  return next(exchange);
}

/** The copies in flight of one mirror of one route. Kept with the service, through changes of the configuration. */
interface Places {
  inFlight: number;
}

const placesKey = Symbol('mirrored requests in flight, by route');

function placesOf(service: Service, route: string): Places {
  const byRoute = service.stateOf(placesKey, () => new Map<string, Places>());
  let places = byRoute.get(route);
  if (places === undefined) {
    places = { inFlight: 0 };
    byRoute.set(route, places);
  }
  return places;
}

/** How the original request ended. */
interface Primary {
  status: number | null;
  latencyMs: number;
}

/** One copy to be made. It has its place from the start, so that kept bodies are bounded too. */
interface Copy {
  service: Service;
  places: Places;
}

/** Sends copies of requests to other services, and compares the results. The client cannot notice any of it. */
export function mirror(parts: Parts, { routes }: Generation): Layer {
  const { clock, random, meters, shadows, mirrorPools, log } = parts;

  const skip = (rule: RouteRule, service: string, why: ShadowSkip) => {
    meters.shadowSkips(rule.route, service, why).value += 1;
  };

  /** The copies that are due; each has taken its place. */
  const drawn = (exchange: Exchange, rule: RouteRule, mirrors: readonly RequestMirror[]): Copy[] => {
    const { mirror: policy } = rule.policy;
    const copies: Copy[] = [];
    for (const { service: name, port, numerator, denominator } of mirrors) {
      if (!sampled(numerator, denominator, random)) continue;
      const service = routes.service(name, port);
      if (service === null) continue;
      const why = refusal(exchange, policy, service, rule.route);
      if (why !== null) {
        skip(rule, name, why);
        continue;
      }
      const places = placesOf(service, rule.route);
      places.inFlight += 1;
      copies.push({ service, places });
    }
    return copies;
  };

  const refusal = (
    { method, body }: Exchange,
    policy: MirrorPolicy,
    service: Service,
    route: string,
  ): ShadowSkip | null => {
    if (!policy.unsafeMethods && !safeMethods.has(method)) return 'unsafe_method';
    if ((body?.length ?? 0) > policy.bodyLimitBytes) return 'body_too_long';
    if (service.endpoints.length === 0) return 'no_endpoint';
    return placesOf(service, route).inFlight >= policy.maxInFlight ? 'busy' : null;
  };

  /** Any endpoint that balancing would use. Copies do not count as load in balancing. */
  const endpointOf = (service: Service): Endpoint | null => {
    const nowMs = clock.now();
    const readiness = readinessIn(service, random);
    const ready = service.endpoints.filter((endpoint) => readiness(endpoint, nowMs) === 'ready');
    const among = ready.length > 0 ? ready : service.endpoints;
    return among[Math.floor(random() * among.length)] ?? null;
  };

  const copyOf = (exchange: Exchange, rule: RouteRule, content: Uint8Array | null): Exchange => {
    const { facts, method, path, authority } = exchange;
    const headers = exchange.headers.slice();
    setHeader(headers, shadowHeader, rule.route);
    removeHeader(headers, 'expect');
    const body = content === null ? null : bodyOf(content);
    // The span of the original request is the parent of the spans that a copy causes. A header tells the two apart.
    const copyFacts = { ...facts, failure: null, flags: [], attempts: 0, endpoint: null };
    return new Exchange({ facts: copyFacts, method, path, authority, headers, body });
  };

  const send = async (
    request: Exchange,
    rule: RouteRule,
    { service, places }: Copy,
    primary: Promise<Primary>,
    primaryName: string,
  ): Promise<void> => {
    const startedMs = clock.now();
    const at = new Date(clock.wall()).toISOString();
    const { timeoutMs } = rule.policy.mirror;
    const endpoint = endpointOf(service);
    if (endpoint === null) {
      places.inFlight -= 1;
      skip(rule, service.name, 'no_endpoint');
      return;
    }
    let timedOut = false;
    const cancel = clock.after(timeoutMs, () => {
      timedOut = true;
      request.abort(new MeshError('attempt_timeout', `No whole reply within ${timeoutMs} ms.`));
    });
    let status: number | null = null;
    let headMs: number | null = null;
    let reason: string | null = null;
    try {
      const reply = await mirrorPools.of(endpoint, service.policy).send(request);
      status = reply.status;
      headMs = clock.now() - startedMs;
      reason = (await readAway(reply))?.code ?? null;
    } catch (thrown) {
      reason = asMeshError(thrown).code;
    }
    cancel();
    places.inFlight -= 1;
    const latencyMs = headMs ?? clock.now() - startedMs;
    const theirs = await primary;
    const whole = reason === null;
    const outcome = whole
      ? status === theirs.status
        ? 'same_status'
        : 'different_status'
      : timedOut
        ? 'timed_out'
        : 'failed';
    meters.shadows(rule.route, service.name, classOf(theirs.status), classOf(status), outcome).value += 1;
    meters.shadowDurations(rule.route, service.name).record(latencyMs);
    shadows.add({
      at,
      requestId: request.facts.id,
      traceId: request.facts.span?.traceId ?? null,
      route: rule.route,
      primary: primaryName,
      mirror: service.name,
      endpoint: endpoint.id,
      method: request.method,
      path: pathnameOf(request.path).slice(0, pathCharsMax),
      outcome,
      primaryStatus: theirs.status,
      status,
      primaryMs: theirs.latencyMs,
      latencyMs,
      reason,
    });
  };

  const mirrored = (next: Handler, exchange: Exchange, rule: RouteRule, copies: Copy[]): Promise<Reply> => {
    const startedMs = clock.now();
    let settle: (primary: Primary) => void = () => {};
    const primary = new Promise<Primary>((resolve) => {
      settle = resolve;
    });
    const name = exchange.backend?.service.name ?? '';
    // A copy is the request as it stands here: changes further in are for the chosen backend.
    const template = copyOf(exchange, rule, null);
    const sendAll = (content: Uint8Array | null) => {
      const sent = copies.map((copy) => send(copyOf(template, rule, content), rule, copy, primary, name));
      // A defect in here must not become an unhandled rejection of the process.
      return Promise.all(sent).catch((err) => log.error({ err }, 'mirroring failed'));
    };
    let tee: BodyTee | null = null;
    if (exchange.body !== null) {
      tee = new BodyTee(exchange.body, rule.policy.mirror.bodyLimitBytes, exchange.facts.memory, (kept) => {
        if (typeof kept !== 'string') {
          void sendAll(kept.joined()).then(() => kept.release());
          return;
        }
        for (const { service, places } of copies) {
          places.inFlight -= 1;
          skip(rule, service.name, skips[kept]);
        }
      });
      exchange.body = tee;
    }
    const under = started(next, exchange);
    // After the original request has been handed on.
    if (tee === null) void sendAll(null);
    return under.then(
      (reply) => {
        settle({ status: reply.status, latencyMs: clock.now() - startedMs });
        if (tee !== null) reply.body.onEnd(() => tee.giveUp());
        return reply;
      },
      (thrown) => {
        settle({ status: null, latencyMs: clock.now() - startedMs });
        tee?.giveUp();
        throw thrown;
      },
    );
  };

  return {
    name: 'mirror',
    scope: 'route',
    sentence:
      'Sends copies of requests to the mirrors of the rule, marked, on connections and in a budget of their own; drops the replies and compares their status.',
    inside: [
      { name: 'filters', reason: 'a copy is the request after the filters of the rule' },
      { name: 'override', reason: 'the filters of the chosen backend name mirrors, too' },
      { name: 'limits', reason: 'a shed request is not mirrored' },
      { name: 'failover', reason: 'a copy is compared with the reply of the backend in use' },
      { name: 'body limit', reason: 'a request that is refused for its length is not mirrored' },
    ],
    wrap: (next) => (exchange) => {
      const rule = exchange.route?.rule;
      if (rule === undefined || exchange.upgrade !== null) return next(exchange);
      const mirrors = mirrorsOf(rule.spec.filters, exchange.backend?.spec.filters);
      // Copies of copies would multiply with every hop.
      if (mirrors.length === 0 || header(exchange.headers, shadowHeader) !== undefined) return next(exchange);
      // After a failover, the copies of the first try have already been sent.
      if (exchange.facts.attempts > 0) return next(exchange);
      const copies = drawn(exchange, rule, mirrors);
      return copies.length === 0 ? next(exchange) : mirrored(next, exchange, rule, copies);
    },
  };
}

/**
 * Reads a reply to its end and keeps nothing. Discarding it instead would look to the service like a client that leaves
 * after each head. Resolves with the error that broke the body off, or null.
 */
function readAway({ body }: Reply): Promise<MeshError | null> {
  return new Promise((resolve) => {
    body.onEnd(({ error }) => resolve(error));
    body.pipeTo(nowhere);
  });
}

const skips: Readonly<Record<Extract<Kept, string>, ShadowSkip>> = {
  too_long: 'body_too_long',
  incomplete: 'body_incomplete',
  no_room: 'busy',
};

function classOf(status: number | null): string {
  return statusClasses[status === null ? errorClass : statusClass(status)] as string;
}

const nowhere: ClientSink = { write: () => true, onWritable() {}, end() {}, fail() {} };

type Filters = RouteRule['spec']['filters'];
const none: readonly RequestMirror[] = [];
const compiled = new WeakMap<Filters, readonly RequestMirror[]>();

function mirrorsOf(ofRule: Filters, ofBackend: Filters | undefined): readonly RequestMirror[] {
  const outer = mirrorsIn(ofRule);
  const inner = ofBackend === undefined ? none : mirrorsIn(ofBackend);
  if (inner.length === 0) return outer;
  return [...outer, ...inner];
}

function mirrorsIn(filters: Filters): readonly RequestMirror[] {
  if (filters.length === 0) return none;
  let known = compiled.get(filters);
  if (known === undefined) {
    known = filters.flatMap((filter) => (filter.type === 'RequestMirror' ? [filter.mirror] : []));
    compiled.set(filters, known);
  }
  return known;
}
