import type { BodySource } from './body.ts';
import type { Endpoint } from './discovery/endpoint.ts';
import type { MeshError } from './errors.ts';
import type { Headers } from './headers.ts';
import type { HeldMemory } from './memory/held-memory.ts';
import type { Scheme } from './policy/client.ts';
import type { RequestReplay } from './replay/request-replay.ts';
import type { InterimSink } from './reply.ts';
import type { Backend, RouteMatch, RouteRule } from './routing/rule.ts';
import type { Span } from './telemetry/trace.ts';

/** The listener by which a request came in. */
export interface Entrance {
  /** The Gateway's name, or `internal` for the east-west listener. */
  name: string;
  side: 'north-south' | 'east-west';
  /** The port of the listener in the documents (0 = any free one). */
  port: number;
}

/**
 * The facts of one client request. The layers fill them in; the access log, metrics and traces read them. Shared by all
 * attempts.
 */
export interface Facts {
  /** The request's id in logs: the caller's x-request-id if usable. */
  id: string;
  readonly entrance: Entrance;
  /** Address of the TCP peer, never of a header; an IPv4-mapped IPv6 address is IPv4. */
  readonly peerAddress: string;
  /** Address of the client: the peer's, until the layer forwarding has determined the client behind a trusted peer. */
  clientAddress: string;
  /** The client's scheme: http, unless a trusted peer says otherwise. */
  scheme: Scheme;
  /** `clock.now()` (monotonic ms) when the head had been read. */
  readonly startedAtMs: number;
  /** Why the request failed, if it did. The first cause stands. */
  failure: MeshError | null;
  /** Response flags in addition to the failure's own, closed list: see README. */
  flags: string[];
  /** Requests sent upstream so far. */
  attempts: number;
  /** The endpoint of the last attempt. */
  endpoint: string | null;
  /** Charged for held bodies. */
  readonly memory: HeldMemory;
  /** Content bytes read from the client. */
  bytesReceived: number;
  span: Span | null;
}

/** A mark of an exchange that is handed on as an upgrade: opaque to layers, known only to server/ and upstream/. */
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
 * One request on its way through the layers: the mesh's own type. A layer may change `path`, `authority`, `headers` and
 * `body` before it calls the next one. A layer that calls the next one more than once, or changes the exchange per
 * attempt, uses a `fork`.
 */
export class Exchange {
  readonly facts: Facts;
  readonly method: string;
  /** As received, for logs: filters change `path` and `authority`. */
  readonly askedPath: string;
  readonly askedAuthority: string;
  /** Origin-form target: path in normal form, and query. */
  path: string;
  /** The host (and port) of the request, in lower case, without a dot at the end of the host. */
  authority: string;
  /** Flat, lower-case names, without Host, Content-Length and hop-by-hop fields. */
  headers: Headers;
  body: BodySource | null;
  readonly upgrade: Upgrade | null;
  /**
   * The listener's fault with the head: the layer `admission` replies with it, so that it is logged and counted too.
   */
  readonly refused: MeshError | null;
  /** The client waits for 100 Continue before it sends the body; the service gets the same expectation. */
  readonly expectsContinue: boolean;
  /** Receives interim replies; null if the client cannot. */
  readonly interim: InterimSink | null;
  /** The deadline, monotonic ms. */
  deadlineAtMs = Number.POSITIVE_INFINITY;
  /** Fields for the reply that also go on the mesh's own reply to a failure further in. */
  failureHeaders: Headers | null = null;
  /** Set by the layers route, split and balance. */
  route: RouteMatch | null = null;
  backend: Backend | null = null;
  /** The unusable backend that `backend` replaces (failover). */
  insteadOf: Backend | null = null;
  /** The rule whose weights choose the backend in place of its own; null = its own. Set by the layer settle. */
  weighedBy: RouteRule | null = null;
  endpoint: Endpoint | null = null;
  /** 1 for the first attempt. */
  attempt = 1;
  /** Endpoints that this request has been tried on, oldest first; null = none. Untried endpoints are preferred. */
  tried: readonly Endpoint[] | null = null;
  /** Of an attempt: whether another one may follow a failure (the method, the body and the budget allow it). */
  repeatable = false;
  /** Of an attempt that runs beside another one: it needs an untried endpoint. */
  hedge = false;
  /** The source of this attempt's body, and of further attempts' bodies. */
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

  /** Why the exchange was aborted, or null. */
  get aborted(): MeshError | null {
    return this.#aborted;
  }

  /**
   * Aborts the exchange: the client has gone, its deadline has passed, another attempt was faster. Only the first call
   * counts.
   */
  abort(error: MeshError): void {
    if (this.#aborted !== null) return;
    this.#aborted = error;
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(error);
  }

  /** Calls `listener` when the exchange is aborted; at once if it has been. */
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
   * A copy for one attempt: changes stay in the copy, the facts are shared, and aborting the original aborts the copy
   * (not the other way round).
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
