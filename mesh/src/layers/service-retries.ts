import type { RetryBudgetPolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';
import { hedgeWindowMs } from '../policy/hedge.ts';
import { LatencyWindow } from '../policy/latency-window.ts';
import { RetryBudget } from '../policy/retry-budget.ts';
import type { Parts } from './parts.ts';

interface State {
  policy: RetryBudgetPolicy;
  budget: RetryBudget;
}

const budgetKey = Symbol('retry budget');
const latencyKey = Symbol('latencies');

/**
 * The retry budget of a service, for retries, requeues and hedges of all routes together. It outlives every change of the
 * configuration that leaves its figures as they are: a push must not fill it up again.
 */
export function budgetOf(service: Service, { clock, meters }: Pick<Parts, 'clock' | 'meters'>): RetryBudget {
  const policy = service.policy.retryBudget;
  const state = service.stateOf<State>(budgetKey, () => {
    const made: State = { policy, budget: new RetryBudget(policy) };
    meters.retryBudgets.set(service.name, () => made.budget.available(clock.now()));
    return made;
  });
  if (state.policy === policy) return state.budget;
  const { percent, minRetriesPerSecond, ttlMs } = state.policy;
  state.policy = policy;
  if (percent !== policy.percent || minRetriesPerSecond !== policy.minRetriesPerSecond || ttlMs !== policy.ttlMs) {
    state.budget = new RetryBudget(policy);
  }
  return state.budget;
}

/** How long the service's good attempts took of late. Kept only where hedging is on. */
export function latenciesOf(service: Service): LatencyWindow {
  return service.stateOf(latencyKey, () => new LatencyWindow(hedgeWindowMs));
}
