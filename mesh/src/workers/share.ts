import type { MeshConfig } from '../config/model.ts';
import type { BackendTrafficPolicy, RoutePolicy } from '../config/policy-model.ts';

/**
 * The limits of one of `workers`, so that all together keep to `config`: each gets the same part of every rate, budget
 * and limit. Whole numbers are rounded up, to at least 1, so each worker may exceed its part by less than one. A
 * client that stays on one connection, and so at one worker, gets that worker's part of a limit per client.
 *
 * Not divided: percentages, and the thresholds of breakers and hedging, which each worker applies to its own requests.
 */
export function shareOf(config: MeshConfig, workers: number): MeshConfig {
  if (workers <= 1) return config;
  const part = (whole: number) => Math.max(1, Math.ceil(whole / workers));
  const backend = (policy: BackendTrafficPolicy): BackendTrafficPolicy => ({
    ...policy,
    limits: {
      ...policy.limits,
      maxInFlight: part(policy.limits.maxInFlight),
      maxQueued: policy.limits.maxQueued === 0 ? 0 : part(policy.limits.maxQueued),
      maxConnections: part(policy.limits.maxConnections),
    },
    retryBudget: {
      ...policy.retryBudget,
      minRetriesPerSecond: policy.retryBudget.minRetriesPerSecond / workers,
    },
  });
  const route = (policy: RoutePolicy): RoutePolicy => ({
    ...policy,
    rateLimits: policy.rateLimits.map((limit) => ({
      ...limit,
      requestsPerSecond: limit.requestsPerSecond / workers,
      burst: part(limit.burst),
    })),
    mirror: { ...policy.mirror, maxInFlight: part(policy.mirror.maxInFlight) },
  });
  return {
    ...config,
    services: config.services.map((service) => ({ ...service, policy: backend(service.policy) })),
    routes: config.routes.map((each) => ({ ...each, policy: route(each.policy) })),
  };
}
