import type { BodySource } from './body.ts';
import type { Endpoint } from './discovery/endpoint.ts';
import type { MeshError } from './errors.ts';
import type { Headers } from './headers.ts';
import type { HeldMemory } from './memory/held-memory.ts';
import type { Scheme } from './policy/client.ts';
import type { RequestReplay } from './replay/request-replay.ts';
import type { InterimSink } from './reply.ts';
import type { Backend, RouteMatch } from './routing/rule.ts';
import type { Span } from './telemetry/trace.ts';

/** The listener that a request came in by. */
export interface Entrance {
  /** The Gateway's name, or `internal` for the east-west listener. */
  name: string;
  side: 'north-south' | 'east-west';
  /** Of the listener, as the documents have it (0 where any free one would do). */
  port: number;
}

/**
 * What is known about one request of a client, gathered by the layers as they go, read by the access log, metrics and
 * traces. Shared by all attempts.
 */
export interface Facts {
  /** Of this request, in logs: the caller's x-request-id where it sent a usable one. */
  id: string;
  readonly entrance: Entrance;
  /** Address of the TCP peer, never of a header; IPv4 in IPv6 is IPv4. */
  readonly peerAddress: string;
  /** Of the client: the peer's, until the layer forwarding has found out for whom a trusted peer speaks. */
  clientAddress: string;
  /** By which the client asks: http, unless a trusted peer says otherwise. */
  scheme: Scheme;
  /** `clock.now()` (monotonic ms) when the head had been read. */
  readonly startedAtMs: number;
  /** Why the request failed, where it did. The first cause stands. */
  failure: MeshError | null;
  /** Response flags besides the failure's own, closed list: see README. */
  flags: string[];
  /** Requests sent upstream so far. */
  attempts: number;
  /** The last one's endpoint. */
  endpoint: string | null;
  /** What is held of its bodies is charged to this. */
  readonly memory: HeldMemory;
  /** Content bytes read from the client. */
  bytesReceived: number;
  span: Span | null;
}

/** Where an exchange is being handed on as an upgrade: opaque to layers, known to server/ and upstream/ only. */
export interface Upgrade {
  readonly protocol: string;
}

export interface ExchangeInit {
  facts: Facts;
  method: string;
  path: string;
  authority: string;
  headers: Headers;
  body: BodySource | null;
  upgrade?: Upgrade | null;
  refused?: MeshError | null;
  expectsContinue?: boolean;
  interim?: InterimSink | null;
}

type AbortListener = (error: MeshError) => void;

/**
 * One request on its way through the layers: the mesh's own type. A layer may change `path`, `authority`, `headers`
 * and `body` before it calls the next one. A layer that calls the next one more than once, or changes it per attempt,
 * does so on a `fork`.
 */
export class Exchange {
  readonly facts: Facts;
  readonly method: string;
  /** As the client asked, for logs: filters change `path` and `authority`. */
  readonly askedPath: string;
  readonly askedAuthority: string;
  /** Origin-form target: path in normal form, and query. */
  path: string;
  /** The host (and port) that the client asked for, in lower case, without a dot at the end of the host. */
  authority: string;
  /** Flat, lower-case names, without Host, Content-Length and hop-by-hop fields. */
  headers: Headers;
  body: BodySource | null;
  readonly upgrade: Upgrade | null;
  /** What the listener found wrong with the head: the layer `admission` answers it, so that it is logged and counted too. */
  readonly refused: MeshError | null;
  /** The client has asked to be told when it may send the body; the service is asked the same. */
  readonly expectsContinue: boolean;
  /** Takes what comes before the reply. Null where nobody does. */
  readonly interim: InterimSink | null;
  /** Monotonic ms after which nobody waits for the reply any more. */
  deadlineAtMs = Number.POSITIVE_INFINITY;
  /** Fields that the reply gets also where it is the mesh's own, for a failure further in. */
  failureHeaders: Headers | null = null;
  /** Set by the layers route, split and balance. */
  route: RouteMatch | null = null;
  backend: Backend | null = null;
  /** The backend that could not be used, where `backend` answers for it (failover). */
  insteadOf: Backend | null = null;
  endpoint: Endpoint | null = null;
  /** 1 for the first attempt. */
  attempt = 1;
  /** Endpoints that this request has been tried on, oldest first; null = none. Others are preferred. */
  tried: readonly Endpoint[] | null = null;
  /** Of an attempt: whether another one may follow if it fails (the method, the body and the budget allow it). */
  repeatable = false;
  /** Of an attempt that runs beside another one: an endpoint that has been tried is no use to it. */
  hedge = false;
  /** What the body of this attempt is read from; further attempts are, too. */
  replay: RequestReplay | null = null;
  #aborted: MeshError | null = null;
  #listeners: AbortListener[] | null = null;

  constructor(init: ExchangeInit) {
    this.facts = init.facts;
    this.method = init.method;
    this.askedPath = init.path;
    this.askedAuthority = init.authority;
    this.path = init.path;
    this.authority = init.authority;
    this.headers = init.headers;
    this.body = init.body;
    this.upgrade = init.upgrade ?? null;
    this.refused = init.refused ?? null;
    this.expectsContinue = init.expectsContinue ?? false;
    this.interim = init.interim ?? null;
  }

  /** Why the exchange was called off, or null while somebody waits for it. */
  get aborted(): MeshError | null {
    return this.#aborted;
  }

  /** Calls the exchange off: the client has gone, its deadline has passed, another attempt was faster. Only the first call counts. */
  abort(error: MeshError): void {
    if (this.#aborted !== null) return;
    this.#aborted = error;
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(error);
  }

  /** Calls `listener` when the exchange is called off; at once if it has been. */
  onAbort(listener: AbortListener): void {
    if (this.#aborted !== null) listener(this.#aborted);
    else if (this.#listeners === null) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  offAbort(listener: AbortListener): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) this.#listeners?.splice(at, 1);
  }

  /**
   * A copy for one attempt: what the attempt changes stays in the copy, the facts are shared, and calling off the
   * original calls off the copy (not the other way round).
   */
  fork(body: BodySource | null): Exchange {
    const copy = new Exchange({
      facts: this.facts,
      method: this.method,
      path: this.path,
      authority: this.authority,
      headers: this.headers.slice(),
      body,
      upgrade: this.upgrade,
      expectsContinue: this.expectsContinue,
      interim: this.interim,
    });
    copy.deadlineAtMs = this.deadlineAtMs;
    copy.route = this.route;
    copy.backend = this.backend;
    copy.insteadOf = this.insteadOf;
    copy.attempt = this.attempt;
    copy.tried = this.tried;
    copy.repeatable = this.repeatable;
    copy.hedge = this.hedge;
    copy.replay = this.replay;
    this.onAbort((error) => copy.abort(error));
    return copy;
  }
}
