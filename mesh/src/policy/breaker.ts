import type { Readiness } from './balancer.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface BreakerOptions {
  /** Failures in a row that trip it; 0 = not counted. */
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
 * What an attempt holds from `admit` to its end: `probe` decides whether the endpoint comes back; `forced` went to a
 * tripped endpoint because there was no better one, and decides nothing.
 */
export type Admission = 'normal' | 'probe' | 'forced';

/**
 * The circuit breaker of one endpoint, Linkerd's: both rules on at once, a penalty that doubles, exactly one real request
 * as the probe.
 *
 * - admitting: requests flow. Trips by failures in a row or by the success rate.
 * - tripped: for the penalty.
 * - probing: the penalty is over. One request is admitted; the next only when that one has ended. Success admits again
 *   and forgets everything; failure trips again, for twice the penalty.
 *
 * Attempts that were admitted before it tripped end afterwards: they change nothing, or a slow wave of old failures would
 * double the penalty, and an old success would let everybody in.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #random: () => number;
  readonly #mayTrip: () => boolean;
  readonly #window: SlidingWindow | null;
  #state: BreakerState = 'admitting';
  #failuresInARow = 0;
  /** Trips since the last success of a probe. */
  #trips = 0;
  #trippedUntilMs = 0;
  #probeUnderWay = false;
  #reason: TripReason | null = null;

  /**
   * @param random uniform in [0, 1)
   * @param mayTrip asked before an admitting endpoint is tripped: false keeps it in (see ejection.ts)
   */
  constructor(options: BreakerOptions, random: () => number, mayTrip: () => boolean = () => true) {
    this.#options = options;
    this.#random = random;
    this.#mayTrip = mayTrip;
    this.#window = options.successRate.thresholdPercent > 0 ? new SlidingWindow(options.successRate.windowMs) : null;
  }

  state(nowMs: number): BreakerState {
    return this.#state === 'tripped' && nowMs >= this.#trippedUntilMs ? 'probing' : this.#state;
  }

  /** Why it is not admitting; null where it is. */
  get reason(): TripReason | null {
    return this.#reason;
  }

  /** Monotonic ms of the next probe; 0 while it is admitting. */
  get trippedUntilMs(): number {
    return this.#state === 'admitting' ? 0 : this.#trippedUntilMs;
  }

  /** Whether the balancer may choose the endpoint. Asking changes nothing. */
  readiness(nowMs: number): Readiness {
    if (this.#state === 'admitting') return 'ready';
    return this.#probeUnderWay || nowMs < this.#trippedUntilMs ? 'out' : 'probe';
  }

  /** The endpoint has been chosen. Every call is followed by one of `settle` with what it returned. */
  admit(nowMs: number): Admission {
    if (this.#state === 'admitting') return 'normal';
    if (this.#probeUnderWay || nowMs < this.#trippedUntilMs) return 'forced';
    this.#state = 'probing';
    this.#probeUnderWay = true;
    return 'probe';
  }

  /**
   * An attempt has ended. `abandoned` (the client has gone, a hedge was faster) says nothing: the next request is the
   * probe then.
   *
   * @returns what has changed, for the journal and the metrics; null for nothing
   */
  settle(
    admission: Admission,
    result: 'success' | 'failure' | 'abandoned',
    nowMs: number,
  ): 'tripped' | 'admitted' | null {
    if (admission === 'probe') return this.#probed(result, nowMs);
    if (admission === 'forced' || this.#state !== 'admitting' || result === 'abandoned') return null;
    this.#window?.add(nowMs, result === 'success');
    this.#failuresInARow = result === 'success' ? 0 : this.#failuresInARow + 1;
    if (result === 'success') return null;
    const reason = this.#fault(nowMs);
    if (reason === null || !this.#mayTrip()) return null;
    this.#trip(reason, nowMs);
    return 'tripped';
  }

  #probed(result: 'success' | 'failure' | 'abandoned', nowMs: number): 'tripped' | 'admitted' | null {
    this.#probeUnderWay = false;
    if (result === 'abandoned') return null;
    if (result === 'failure') {
      this.#trip('probe_failed', nowMs);
      return 'tripped';
    }
    this.#state = 'admitting';
    this.#reason = null;
    this.#trips = 0;
    this.#failuresInARow = 0;
    this.#window?.clear();
    return 'admitted';
  }

  #fault(nowMs: number): TripReason | null {
    const { consecutiveFailures, successRate } = this.#options;
    if (consecutiveFailures > 0 && this.#failuresInARow >= consecutiveFailures) return 'consecutive_failures';
    if (this.#window === null) return null;
    const good = this.#window.good(nowMs);
    const all = good + this.#window.bad(nowMs);
    if (all < successRate.minRequests) return null;
    return good * 100 < successRate.thresholdPercent * all ? 'success_rate' : null;
  }

  #trip(reason: TripReason, nowMs: number): void {
    const { minMs, maxMs, jitterRatio } = this.#options.penalty;
    const penaltyMs = Math.min(maxMs, minMs * 2 ** Math.min(this.#trips, doublingsMax));
    this.#state = 'tripped';
    this.#reason = reason;
    this.#trips += 1;
    this.#trippedUntilMs = nowMs + penaltyMs * (1 + jitterRatio * this.#random());
  }
}

/** Any penalty has reached any cap by then, and 2 to the power of it is still a number. */
const doublingsMax = 60;
