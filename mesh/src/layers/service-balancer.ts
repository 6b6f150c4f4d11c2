import type { Random } from '../clock.ts';
import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { type Balancer, Chooser } from '../policy/balancer.ts';
import { consistentHash } from '../policy/consistent-hash.ts';
import { createBalancer } from '../policy/create-balancer.ts';
import { readinessIn } from './readiness.ts';

/** How one service is balanced, and the words that it was made from. */
export interface ServiceBalancer {
  policy: LoadBalancerPolicy;
  balancer: Balancer;
  chooser: Chooser<Endpoint>;
  /** For clients that stick to an endpoint and are placed by a hash. */
  placing: Chooser<Endpoint>;
}

const key = Symbol('balancer');

const isFull = ({ connections }: Endpoint): boolean => connections.full;

/**
 * The balancer of `service` by its policy. Other words make a new one; what was measured of the endpoints is kept with them
 * and outlives it.
 */
export function balancerOf(service: Service, random: Random): ServiceBalancer {
  const { loadBalancer } = service.policy;
  const held = service.stateOf<{ current: ServiceBalancer | null }>(key, () => ({ current: null }));
  const { current } = held;
  if (current !== null) {
    if (current.policy === loadBalancer) return current;
    if (JSON.stringify(current.policy) === JSON.stringify(loadBalancer)) {
      current.policy = loadBalancer;
      return current;
    }
  }
  const balancer = createBalancer(loadBalancer, random);
  const readiness = readinessIn(service, random);
  const chooser = new Chooser<Endpoint>(balancer, loadBalancer.panicThresholdPercent, readiness, isFull);
  const placing = new Chooser<Endpoint>(consistentHash(random), loadBalancer.panicThresholdPercent, readiness, isFull);
  held.current = { policy: loadBalancer, balancer, chooser, placing };
  return held.current;
}
