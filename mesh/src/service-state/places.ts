import type { LimitsPolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';
import { ConcurrencyLimit } from '../policy/concurrency-limit.ts';
import { ByPolicy } from './by-policy.ts';

type Wake = () => void;

/** The places of one service. They outlive a changed policy, because requests hold some of them. */
export interface Places {
  policy: LimitsPolicy;
  readonly limit: ConcurrencyLimit<Wake>;
  /** One for each waiting request: sets its timer again, by the policy in force. */
  readonly timers: Set<() => void>;
}

const places = new ByPolicy<LimitsPolicy, Places>('limits');

/** The places of `service`. A changed policy resizes them and wakes the requests that now have a place. */
export function placesOf(service: Service): Places {
  const policy = service.policy.limits;
  const known = places.get(service, policy);
  if (known !== null) return known;
  const changed = places.latest(service);
  if (changed === null) {
    return places.keep(service, policy, { policy, limit: new ConcurrencyLimit<Wake>(policy), timers: new Set() });
  }
  changed.policy = policy;
  places.keep(service, policy, changed);
  for (const wake of changed.limit.resize(policy)) wake();
  for (const setTimer of changed.timers) setTimer();
  return changed;
}

/** Requests to `service` in flight and in the queue, for metrics and the admin API. */
export function occupancyOf(service: Service): { inFlight: number; queued: number } {
  const { inFlight, queued } = placesOf(service).limit;
  return { inFlight, queued };
}
