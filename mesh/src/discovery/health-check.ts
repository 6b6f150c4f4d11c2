import type { Clock } from '../clock.ts';
import type { Endpoint } from './endpoint.ts';
import { type HealthState, healthOf } from './health.ts';
import type { Probe } from './probe.ts';
import type { Service } from './service.ts';

/** A change of an endpoint's health, for the log. `last` is the result of the deciding check. */
export interface HealthChange {
  service: string;
  endpoint: string;
  health: HealthState;
  last: string;
}

export interface HealthCheckOptions {
  clock: Clock;
  probe: Probe;
  onHealth?: (change: HealthChange) => void;
}

/**
 * Checks the endpoints of `service` by its policy, until the returned function is called. Without a policy, it forgets
 * earlier results. The checks of a round are spread over the interval, so that a service with a thousand instances does
 * not get a thousand checks at once. Each endpoint has at most one check in flight.
 */
export function checkHealth(service: Service, { clock, probe, onHealth }: HealthCheckOptions): () => void {
  const policy = service.policy.healthCheck;
  if (policy === undefined) {
    for (const endpoint of service.endpoints) healthOf(endpoint).reset();
    return () => {};
  }
  const { path, intervalMs, timeoutMs } = policy;
  let stopped = false;
  const waiting = new Set<() => void>();
  const underWay = new Map<Endpoint, () => void>();

  const after = (delayMs: number, task: () => void) => {
    const cancel = clock.after(delayMs, () => {
      waiting.delete(cancel);
      task();
    });
    waiting.add(cancel);
  };
  const check = async (endpoint: Endpoint) => {
    if (endpoint.draining || underWay.has(endpoint)) return;
    const { result, cancel } = probe({ host: endpoint.host, port: endpoint.port, path, timeoutMs });
    underWay.set(endpoint, cancel);
    const checked = await result;
    underWay.delete(endpoint);
    if (stopped) return;
    const health = healthOf(endpoint);
    const changed = health.take(checked, policy);
    if (changed === null) return;
    onHealth?.({ service: service.id, endpoint: endpoint.id, health: changed, last: health.last });
  };
  const round = () => {
    const { endpoints } = service;
    for (const [index, endpoint] of endpoints.entries()) {
      if (index === 0) void check(endpoint);
      else after((index / endpoints.length) * intervalMs, () => void check(endpoint));
    }
    after(intervalMs, round);
  };
  round();
  return () => {
    stopped = true;
    for (const cancel of waiting) cancel();
    for (const cancel of underWay.values()) cancel();
  };
}
