import type { Clock } from '../clock.ts';
import type { RetryBudgetPolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';
import { hedgeWindowMs } from '../policy/hedge.ts';
import { LatencyWindow } from '../policy/latency-window.ts';
import { RetryBudget } from '../policy/retry-budget.ts';
import { ByPolicy } from './by-policy.ts';

const budgets = new ByPolicy<RetryBudgetPolicy, RetryBudget>('retry budget');
const latencyKey = Symbol('latencies');

/** What a new budget needs: the clock and the gauge that shows the budget. */
interface BudgetParts {
  clock: Clock;
  meters: { readonly retryBudgets: Map<string, () => number> };
}

/**
 * The retry budget of a service, for retries, requeues and hedges of all routes together. The budget outlives every
 * change of the configuration that leaves its figures as they are: a reload must not refill the budget.
 */
export function budgetOf(service: Service, { clock, meters }: BudgetParts): RetryBudget {
  const policy = service.policy.retryBudget;
  const known = budgets.get(service, policy);
  if (known !== null) return known;
  const isFirst = budgets.latest(service) === null;
  const budget = budgets.keep(service, policy, new RetryBudget(policy));
  if (isFirst) meters.retryBudgets.set(service.name, () => budgets.latest(service)?.available(clock.now()) ?? 0);
  return budget;
}

/** How long the successful attempts of a service took recently. Kept only where hedging is on. */
export function latenciesOf(service: Service): LatencyWindow {
  return service.stateOf(latencyKey, () => new LatencyWindow(hedgeWindowMs));
}
