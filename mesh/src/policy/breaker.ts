import type { Readiness } from './balancer.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface BreakerOptions {
  /** Consecutive failures that trip it; 0 = not counted. */
  consecutiveFailures: number;
  /** Trips below `thresholdPercent` successes over `windowMs` with at least `minRequests`; 0 percent = off. */
  successRate: { thresholdPercent: number; windowMs: number; minRequests: number };
  /** Time tripped: `minMs`, doubled with each failed probe up to `maxMs`, times 1 to 1 + `jitterRatio`. */
  penalty: { minMs: number; maxMs: number; jitterRatio: number };
}

export type BreakerState = 'admitting' | 'tripped' | 'probing';

/** Why it tripped. */
export type TripReason = 'consecutive_failures' | 'success_rate' | 'probe_failed';

/**
 * What `admit` returns for an attempt, and `settle` takes back. A `probe` decides whether the endpoint comes back. A
 * `forced` attempt went to a tripped endpoint because no better one was available, and decides nothing.
 */
export type Admission = 'normal' | 'probe' | 'forced';

interface Admitting {
  readonly kind: 'admitting';
  /** Counted in place: no attempt allocates while the breaker admits. */
  failuresInARow: number;
}

interface Trip {
  readonly reason: TripReason;
  /** Monotonic ms of the next probe. */
  readonly untilMs: number;
  /** Trips since the last probe that succeeded, this one included. */
  readonly count: number;
}

type State =
  | Admitting
  /** The penalty runs, or the penalty is over and no request has come to be the probe. */
  | { readonly kind: 'tripped'; readonly trip: Trip }
  /** A probe is in flight. */
  | { readonly kind: 'probing'; readonly trip: Trip };

/**
 * The circuit breaker of one endpoint, with Linkerd's rules: failures in a row and the success rate are both on, the
 * penalty doubles, and one real request at a time is the probe.
 *
 * - admitting: requests flow. Trips on failures in a row or on a low success rate.
 * - tripped: until the penalty is over.
 * - probing: the penalty is over. One request is admitted; the next only when that one has ended. A success admits
 *   again and resets all counts; a failure trips again, for twice the penalty.
 *
 * Attempts that were admitted before the trip and end after it change nothing. Otherwise a slow wave of old failures
 * would double the penalty, and one old success would admit all requests.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #random: () => number;
  readonly #mayTrip: () => boolean;
  readonly #window: SlidingWindow | null;
  #state: State = { kind: 'admitting', failuresInARow: 0 };

  /**
   * @param random uniform in [0, 1)
   * @param mayTrip called before an admitting endpoint is tripped: false keeps it in (see ejection.ts)
   */
  constructor(options: BreakerOptions, random: () => number, mayTrip: () => boolean = () => true) {
    this.#options = options;
    this.#random = random;
    this.#mayTrip = mayTrip;
    this.#window = options.successRate.thresholdPercent > 0 ? new SlidingWindow(options.successRate.windowMs) : null;
  }

  state(nowMs: number): BreakerState {
    const state = this.#state;
    return state.kind === 'tripped' && nowMs >= state.trip.untilMs ? 'probing' : state.kind;
  }

  /** Why it is not admitting; null while it is. */
  get reason(): TripReason | null {
    return this.#state.kind === 'admitting' ? null : this.#state.trip.reason;
  }

  /** Monotonic ms of the next probe; 0 while it is admitting. */
  get trippedUntilMs(): number {
    return this.#state.kind === 'admitting' ? 0 : this.#state.trip.untilMs;
  }

  /** Whether the balancer may choose the endpoint. Changes nothing. */
  readiness(nowMs: number): Readiness {
    const state = this.#state;
    if (state.kind === 'admitting') return 'ready';
    return state.kind === 'tripped' && nowMs >= state.trip.untilMs ? 'probe' : 'out';
  }

  /** The endpoint has been chosen. Call `settle` with the returned admission when the attempt has ended. */
  admit(nowMs: number): Admission {
    const state = this.#state;
    if (state.kind === 'admitting') return 'normal';
    if (state.kind === 'probing' || nowMs < state.trip.untilMs) return 'forced';
    this.#state = { kind: 'probing', trip: state.trip };
    return 'probe';
  }

  /**
   * An attempt has ended. `abandoned` (the client has gone, a hedge was faster) says nothing about the endpoint: after
   * an abandoned probe, the next request is the probe.
   *
   * @returns what has changed, for the journal and the metrics; null for nothing
   */
  settle(
    admission: Admission,
    result: 'success' | 'failure' | 'abandoned',
    nowMs: number,
  ): 'tripped' | 'admitted' | null {
    const state = this.#state;
    if (admission === 'probe') return state.kind === 'probing' ? this.#probed(state.trip, result, nowMs) : null;
    if (admission === 'forced' || state.kind !== 'admitting' || result === 'abandoned') return null;
    this.#window?.add(nowMs, result === 'success');
    state.failuresInARow = result === 'success' ? 0 : state.failuresInARow + 1;
    if (result === 'success') return null;
    const reason = this.#fault(state, nowMs);
    if (reason === null || !this.#mayTrip()) return null;
    this.#trip(reason, 0, nowMs);
    return 'tripped';
  }

  #probed(trip: Trip, result: 'success' | 'failure' | 'abandoned', nowMs: number): 'tripped' | 'admitted' | null {
    if (result === 'abandoned') {
      this.#state = { kind: 'tripped', trip };
      return null;
    }
    if (result === 'failure') {
      this.#trip('probe_failed', trip.count, nowMs);
      return 'tripped';
    }
    this.#state = { kind: 'admitting', failuresInARow: 0 };
    this.#window?.clear();
    return 'admitted';
  }

  #fault({ failuresInARow }: Admitting, nowMs: number): TripReason | null {
    const { consecutiveFailures, successRate } = this.#options;
    if (consecutiveFailures > 0 && failuresInARow >= consecutiveFailures) return 'consecutive_failures';
    if (this.#window === null) return null;
    const good = this.#window.good(nowMs);
    const all = good + this.#window.bad(nowMs);
    if (all < successRate.minRequests) return null;
    return good * 100 < successRate.thresholdPercent * all ? 'success_rate' : null;
  }

  /** @param tripsBefore since the last probe that succeeded */
  #trip(reason: TripReason, tripsBefore: number, nowMs: number): void {
    const { minMs, maxMs, jitterRatio } = this.#options.penalty;
    const penaltyMs = Math.min(maxMs, minMs * 2 ** Math.min(tripsBefore, doublingsMax));
    const untilMs = nowMs + penaltyMs * (1 + jitterRatio * this.#random());
    this.#state = { kind: 'tripped', trip: { reason, untilMs, count: tripsBefore + 1 } };
  }
}

/** By then any penalty has reached any cap, and 2 to the power of it is still a finite number. */
const doublingsMax = 60;
