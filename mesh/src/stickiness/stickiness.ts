import type { Clock, Random } from '../clock.ts';
import type { SessionPersistence } from '../config/model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import type { Exchange } from '../exchange.ts';
import { ClientAffinity } from '../policy/client-affinity.ts';
import { hash32 } from '../policy/hash.ts';
import { backendToken, isSessionValue, readSession, type Session, withBackend } from '../policy/session.ts';
import type { Reply } from '../reply.ts';
import { hashKeyOf } from './hash-key.ts';
import { giveSession, isSecure, renewedSession, sessionValues } from './session-fields.ts';

/** The endpoint that a client sticks to, and the callbacks once an endpoint is chosen. */
export interface Stuck {
  /** The client's endpoint; null if it has none, or if its endpoint is gone. */
  readonly pinned: Endpoint | null;
  /** Places a client without an endpoint; null if the service's balancer places it. */
  readonly hash: number | null;
  chosen(endpoint: Endpoint): void;
  replied(reply: Reply): void;
}

const affinityKey = Symbol('endpoints of clients');

/**
 * How the client of a request sticks to an endpoint of `service`: by `sessionPersistence` of its policy, otherwise by
 * `sessionAffinity: ClientIP`; null without either.
 *
 * A retry elsewhere does not move the client: the client keeps its endpoint until that endpoint is taken out or gone.
 */
export function stuckOf(service: Service, exchange: Exchange, clock: Clock, random: Random): Stuck | null {
  const { sessionPersistence, clientIpAffinityMs } = service.policy;
  if (sessionPersistence !== undefined) return bySession(service, exchange, sessionPersistence, clock);
  return clientIpAffinityMs === undefined ? null : byAddress(service, exchange, clientIpAffinityMs, clock, random);
}

function byAddress(service: Service, exchange: Exchange, timeoutMs: number, clock: Clock, random: Random): Stuck {
  const clients = service.stateOf(affinityKey, () => new ClientAffinity());
  const { hash } = hashKeyOf(exchange, { type: 'Source' }, random);
  const client = hash ?? 0;
  const known = clients.endpointOf(client, clock.now(), timeoutMs);
  const first = exchange.tried === null && !exchange.hedge;
  return {
    pinned: known === null ? null : (service.endpoints.find(({ id }) => id === known) ?? null),
    hash: client,
    chosen: ({ id }) => {
      if (first) clients.remember(client, id, clock.now());
    },
    replied() {},
  };
}

function bySession(service: Service, exchange: Exchange, persistence: SessionPersistence, clock: Clock): Stuck {
  const { headers, tried } = exchange;
  const values = sessionValues(headers, persistence);
  // A value that no mesh has created is the client's own name.
  if (persistence.type === 'Header' && values[0] !== undefined && !isSessionValue(values[0])) {
    return { pinned: null, hash: hash32(values[0]), chosen() {}, replied() {} };
  }
  const nowS = Math.floor(clock.wall() / 1000);
  const tokens = service.endpoints.map((endpoint) => tokenOf(service, endpoint));
  let held: Session | null = null;
  let pinned: Endpoint | null = null;
  for (const value of values) {
    const session = readSession(value, nowS, persistence);
    if (session === null) continue;
    const place = session.tokens.map((token) => tokens.indexOf(token)).find((index) => index >= 0);
    held ??= session;
    if (place === undefined) continue;
    held = session;
    pinned = service.endpoints[place] ?? null;
    break;
  }
  let session: Session | null = null;
  return {
    pinned,
    hash: null,
    chosen(endpoint) {
      if (endpoint === pinned && held !== null) session = renewedSession(held, nowS, persistence);
      else if (pinned !== null && (exchange.hedge || tried?.includes(pinned))) session = null;
      else session = withBackend(held, tokenOf(service, endpoint), tokens, nowS);
    },
    replied(reply) {
      if (session !== null) giveSession(reply, persistence, session, isSecure(headers));
    },
  };
}

const tokenKey = Symbol('token of an endpoint');

function tokenOf(service: Service, endpoint: Endpoint): string {
  return endpoint.stateOf(tokenKey, () => ({ value: backendToken(`${service.id}/${endpoint.id}`) })).value;
}
