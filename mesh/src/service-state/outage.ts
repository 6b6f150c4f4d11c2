import type { Random } from '../clock.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { Outage } from '../policy/outage.ts';
import { readinessIn } from './readiness.ts';

const key = Symbol('outage');

function outageOf(service: Service): Outage<Endpoint> {
  return service.stateOf(key, () => new Outage<Endpoint>());
}

/** Notes how an attempt on `endpoint` ended. Ends that the endpoint did not cause are not noted. */
export function noteEnd(service: Service, endpoint: Endpoint, succeeded: boolean, nowMs: number): void {
  const outage = outageOf(service);
  if (succeeded) outage.succeeded(endpoint, nowMs);
  else outage.failed(endpoint, nowMs);
}

/**
 * Whether all endpoints of `service` to which a retry may go are failing. False if the policy retries during outages.
 */
export function isOut(service: Service, random: Random, nowMs: number): boolean {
  const outage = outageOf(service);
  if (!outage.suspected || service.policy.retry.duringOutage) return false;
  const readiness = readinessIn(service, random);
  const usable = service.endpoints.filter((endpoint) => readiness(endpoint, nowMs) !== 'out');
  return outage.isOut(usable.length > 0 ? usable : service.endpoints, nowMs);
}
