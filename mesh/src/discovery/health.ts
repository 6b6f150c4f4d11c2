import type { HealthCheckPolicy } from '../config/policy-model.ts';
import type { Endpoint } from './endpoint.ts';

/** What active checks say of an endpoint. `unchecked` is used like `healthy`: nothing speaks against it yet. */
export type HealthState = 'unchecked' | 'healthy' | 'unhealthy';

/** What came of one check: the status, or why there was none. */
export type CheckResult = { status: number } | { failure: string };

/** The health of one endpoint, from what its checks answered. No I/O. */
export class Health {
  #state: HealthState = 'unchecked';
  #last = '';
  #againstInARow = 0;
  #onRecovered: () => void = () => {};

  get state(): HealthState {
    return this.#state;
  }

  /** The last check, for people: `200`, `503`, `timeout`, `ECONNREFUSED`; empty before the first. */
  get last(): string {
    return this.#last;
  }

  /** @returns the new state where it has changed, else null */
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

  /** What somebody else has found out, who checks for this process too. */
  set(state: HealthState, last: string): void {
    this.#last = last;
    this.#become(state);
  }

  /** `listener` is called whenever the endpoint is well again after it was not. There is one at most. */
  onRecovered(listener: () => void): void {
    this.#onRecovered = listener;
  }

  /** Nobody checks it any more. */
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
    // Where nothing was known, one good answer confirms what was assumed.
    return this.#state === 'unchecked' ? 1 : policy.healthyThreshold;
  }
}

const key = Symbol('health');

export function healthOf(endpoint: Endpoint): Health {
  return endpoint.stateOf(key, () => new Health());
}
