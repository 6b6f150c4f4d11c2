import type { Random } from '../clock.ts';
import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { type Balancer, Chooser } from '../policy/balancer.ts';
import { consistentHash } from '../policy/consistent-hash.ts';
import { createBalancer } from '../policy/create-balancer.ts';
import { ByPolicy } from './by-policy.ts';
import { readinessIn } from './readiness.ts';

/** How one service is balanced. */
export interface ServiceBalancer {
  policy: LoadBalancerPolicy;
  balancer: Balancer;
  chooser: Chooser<Endpoint>;
  /** For clients that stick to an endpoint and are placed by a hash. */
  placing: Chooser<Endpoint>;
}

const balancers = new ByPolicy<LoadBalancerPolicy, ServiceBalancer>('balancer');
const isFull = ({ connections }: Endpoint): boolean => connections.full;

/**
 * The balancer of `service` by its policy. A changed policy creates a new balancer. Measurements of the endpoints are
 * kept with the endpoints and outlive the balancer.
 */
export function balancerOf(service: Service, random: Random): ServiceBalancer {
  const policy = service.policy.loadBalancer;
  return balancers.get(service, policy) ?? balancers.keep(service, policy, createFor(service, policy, random));
}

function createFor(service: Service, policy: LoadBalancerPolicy, random: Random): ServiceBalancer {
  const balancer = createBalancer(policy, random);
  const readiness = readinessIn(service, random);
  const chooser = new Chooser<Endpoint>(balancer, policy.panicThresholdPercent, readiness, isFull);
  const placing = new Chooser<Endpoint>(consistentHash(random), policy.panicThresholdPercent, readiness, isFull);
  return { policy, balancer, chooser, placing };
}
