import type { HealthCheckPolicy } from '../config/policy-model.ts';
import type { Endpoint } from './endpoint.ts';

/** The health of an endpoint by active checks. `unchecked` is used like `healthy`. */
export type HealthState = 'unchecked' | 'healthy' | 'unhealthy';

/** The result of one check: the status, or why there was none. */
export type CheckResult = { status: number } | { failure: string };

/** The health of one endpoint, from the results of its checks. No I/O. */
export class Health {
  #state: HealthState = 'unchecked';
  #last = '';
  #againstInARow = 0;
  #onRecovered: () => void = () => {};

  get state(): HealthState {
    return this.#state;
  }

  /** The last result, for people: `200`, `503`, `timeout`, `ECONNREFUSED`; empty before the first check. */
  get last(): string {
    return this.#last;
  }

  /** @returns the new state if it has changed, otherwise null */
  take(result: CheckResult, policy: HealthCheckPolicy): HealthState | null {
    this.#last = 'status' in result ? String(result.status) : result.failure;
    const { from, to } = policy.expectedStatus;
    const judged: HealthState =
      'status' in result && result.status >= from && result.status <= to ? 'healthy' : 'unhealthy';
    if (judged === this.#state) {
      this.#againstInARow = 0;
      return null;
    }
    this.#againstInARow += 1;
    if (this.#againstInARow < this.#threshold(judged, policy)) return null;
    this.#become(judged);
    return judged;
  }

  /** Applies the result of another process, which checks for this process too. */
  set(state: HealthState, last: string): void {
    this.#last = last;
    this.#become(state);
  }

  /** Calls `listener` each time the endpoint recovers. There is at most one listener. */
  onRecovered(listener: () => void): void {
    this.#onRecovered = listener;
  }

  /** Forgets all results, because checks have stopped. */
  reset(): void {
    this.#last = '';
    this.#become('unchecked');
  }

  #become(state: HealthState): void {
    const recovered = this.#state === 'unhealthy' && state !== 'unhealthy';
    this.#state = state;
    this.#againstInARow = 0;
    if (recovered) this.#onRecovered();
  }

  #threshold(judged: HealthState, policy: HealthCheckPolicy): number {
    if (judged === 'unhealthy') return policy.unhealthyThreshold;
    // Before the first result, one good result is enough.
    return this.#state === 'unchecked' ? 1 : policy.healthyThreshold;
  }
}

const key = Symbol('health');

export function healthOf(endpoint: Endpoint): Health {
  return endpoint.stateOf(key, () => new Health());
}
