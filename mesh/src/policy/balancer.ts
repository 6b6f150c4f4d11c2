import { panics } from './panic.ts';

/** An endpoint as balancing sees it. */
export interface EndpointView {
  /** `host:port` */
  readonly id: string;
  /** Relative share among the endpoints of its service, above 0. */
  readonly weight: number;
  /** Attempts whose reply has not ended. */
  readonly inFlight: number;
  /** Monotonic ms when it was first seen. */
  readonly sinceMs: number;
  /** The state of a policy for this endpoint, under a symbol of the policy's own, created on first use. */
  stateOf<T>(key: symbol, make: () => T): T;
}

/**
 * How an attempt went. `failure`: it had no reply, or a reply that asks to spare the endpoint (5xx, 429). `abandoned`:
 * the attempt was aborted before its end (client gone, hedge lost), so only the minimum of its duration is known.
 */
export type AttemptResult = 'success' | 'failure' | 'abandoned';

/** What a choice may depend on besides the endpoints. Callers may reuse one object. */
export interface PickContext {
  /** Monotonic ms. */
  nowMs: number;
  /** 32-bit hash of the session's key; null without one. */
  hash: number | null;
}

/** Chooses among usable endpoints. One per service: it may keep state between choices. */
export interface Balancer {
  /** Null only if `endpoints` is empty. */
  pick<E extends EndpointView>(endpoints: readonly E[], context: PickContext): E | null;
  /** The attempt on `endpoint` starts. Call `observe` once for every call. */
  started(endpoint: EndpointView, nowMs: number): void;
  /**
   * The head of the attempt's reply has come, or the attempt has ended without one.
   *
   * @param retryAfterMs of the reply's Retry-After; 0 = none
   */
  observe(endpoint: EndpointView, nowMs: number, latencyMs: number, result: AttemptResult, retryAfterMs: number): void;
  /** The endpoint is back (a probe or health checks succeeded): earlier failures no longer count against it. */
  forgive(endpoint: EndpointView, nowMs: number): void;
}

/** The observing half of a balancer that ignores how attempts go. */
export const learnsNothing = { started() {}, observe() {}, forgive() {} };

/**
 * Whether an endpoint may be used: `probe` = it was tripped, and the next request to it decides whether it comes back;
 * `out` = tripped or unhealthy.
 */
export type Readiness = 'ready' | 'probe' | 'out';

/** The conditions of one attempt. */
export interface Choice<E> extends PickContext {
  /** Endpoints that this request has been tried on, oldest first; null = none. Untried endpoints are preferred. */
  tried: readonly E[] | null;
  /** True for a hedge: it needs an endpoint that was not tried before. */
  onlyUntried: boolean;
  /** False for a request that cannot be retried: it does not go to an endpoint that will most likely fail. */
  mayProbe: boolean;
  /** The endpoint that the client sticks to: it is chosen unless it is out, or this request was tried there. */
  pinned?: E | null;
}

/** Why an endpoint was chosen, for metrics and `mesh explain`. */
export type ChoiceMode = 'balanced' | 'probe' | 'panic';

/**
 * The whole choice for an attempt. Ready endpoints that have not been tried come first; without one, ready endpoints;
 * if too few of all are ready (panic), any endpoint. Among those, endpoints with room are preferred. A due probe goes
 * first: it must not wait until the balancer picks an endpoint that it remembers as slow. For a request that may not
 * probe, an endpoint with a due probe is like any other, so that a service that gets only such requests finds its
 * endpoints again too.
 */
export class Chooser<E extends EndpointView> {
  readonly #balancer: Balancer;
  readonly #panicThresholdPercent: number;
  readonly #readiness: (endpoint: E, nowMs: number) => Readiness;
  readonly #isFull: (endpoint: E) => boolean;
  // Reused for every choice, so that choosing allocates nothing.
  readonly #usable: E[] = [];
  readonly #roomy: E[] = [];
  readonly #untried: E[] = [];
  #mode: ChoiceMode = 'balanced';

  /**
   * @param readiness must have no side effect: it is called for endpoints that are not chosen, too
   * @param panicThresholdPercent see `panics`
   * @param isFull whether a request would have to wait for another one to end
   */
  constructor(
    balancer: Balancer,
    panicThresholdPercent: number,
    readiness: (endpoint: E, nowMs: number) => Readiness = () => 'ready',
    isFull: (endpoint: E) => boolean = () => false,
  ) {
    this.#balancer = balancer;
    this.#panicThresholdPercent = panicThresholdPercent;
    this.#readiness = readiness;
    this.#isFull = isFull;
  }

  /** How the last choice was made. */
  get mode(): ChoiceMode {
    return this.#mode;
  }

  /** Null if there is no endpoint, or none that the choice allows. */
  choose(endpoints: readonly E[], choice: Choice<E>): E | null {
    const usable = this.#usable;
    usable.length = 0;
    this.#mode = 'balanced';
    const { pinned } = choice;
    if (pinned !== undefined && pinned !== null && !(choice.tried?.includes(pinned) ?? false)) {
      const readiness = this.#readiness(pinned, choice.nowMs);
      if (readiness === 'ready' || (readiness === 'probe' && choice.mayProbe)) return pinned;
    }
    let full = false;
    for (const endpoint of endpoints) {
      const readiness = this.#readiness(endpoint, choice.nowMs);
      const isFull = this.#isFull(endpoint);
      if (isFull) full = true;
      if (readiness === 'probe' && !isFull && choice.mayProbe && !(choice.tried?.includes(endpoint) ?? false)) {
        this.#mode = 'probe';
        return endpoint;
      }
      if (readiness !== 'out') usable.push(endpoint);
    }
    if (usable.length === endpoints.length) return this.#pickWithRoom(endpoints, choice, full);
    if (!panics(usable.length, endpoints.length, this.#panicThresholdPercent)) {
      return this.#pickWithRoom(usable, choice, full);
    }
    this.#mode = 'panic';
    return this.#pickWithRoom(endpoints, choice, full);
  }

  /**
   * An untried endpoint with room; otherwise a full untried one, where the request waits in a queue; otherwise one with
   * room. A hedge never waits, because its purpose is to be faster. Being full says nothing about health, and so
   * nothing about panic.
   */
  #pickWithRoom(endpoints: readonly E[], choice: Choice<E>, full: boolean): E | null {
    if (!full) return this.#pick(endpoints, choice);
    const { tried } = choice;
    const roomy = this.#roomy;
    roomy.length = 0;
    let untried = 0;
    let untriedWithRoom = 0;
    for (const endpoint of endpoints) {
      const isTried = tried?.includes(endpoint) ?? false;
      const hasRoom = !this.#isFull(endpoint);
      if (hasRoom) roomy.push(endpoint);
      if (!isTried) untried += 1;
      if (!isTried && hasRoom) untriedWithRoom += 1;
    }
    if (untriedWithRoom > 0) return this.#pick(roomy, choice);
    if (choice.onlyUntried) return null;
    return this.#pick(untried > 0 || roomy.length === 0 ? endpoints : roomy, choice);
  }

  #pick(endpoints: readonly E[], choice: Choice<E>): E | null {
    if (choice.tried === null) return this.#balancer.pick(endpoints, choice);
    const untried = this.#untried;
    untried.length = 0;
    for (const endpoint of endpoints) if (!choice.tried.includes(endpoint)) untried.push(endpoint);
    if (untried.length > 0) return this.#balancer.pick(untried, choice);
    return choice.onlyUntried ? null : this.#balancer.pick(endpoints, choice);
  }
}
