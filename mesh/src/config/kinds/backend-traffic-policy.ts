import { nested, object, optional, partialFields, required } from '../shapes/object-shape.ts';
import { ruled } from '../shapes/shape.ts';
import { circuitBreaker } from './backend-policy/circuit-breaker.ts';
import { discovery, timeouts } from './backend-policy/connections.ts';
import { healthCheck } from './backend-policy/health-check.ts';
import { limits } from './backend-policy/limits.ts';
import { loadBalancer } from './backend-policy/load-balancer.ts';
import { hedging, retry, retryBudget } from './backend-policy/retries.ts';
import { metadata } from './metadata.ts';
import { hasTargets, targetFields } from './policy-targets.ts';
import { sessionPersistence } from './session-persistence.ts';

/** All fields but the targets: the part that the data plane uses. */
export const backendPolicyFields = {
  loadBalancer: nested('loadBalancer', loadBalancer, 'Which endpoint a request goes to.'),
  circuitBreaker: nested('circuitBreaker', circuitBreaker, 'When an endpoint gets no requests for a while.'),
  limits: nested('limits', limits, 'Load that the service gets at a time.'),
  retryBudget: nested('retryBudget', retryBudget, 'Limits all retries and hedges to the service, whatever routes say.'),
  retry: nested('retry', retry, 'Settings that the `retry` of an HTTPRoute does not have.'),
  healthCheck: optional('healthCheck', healthCheck, 'Active health checks; absent = none.'),
  hedging: optional('hedging', hedging, 'A second attempt for slow requests; absent = none.'),
  timeouts: nested('timeouts', timeouts, 'Timeouts of connections.'),
  discovery: nested('discovery', discovery, 'How endpoints are found.'),
  sessionPersistence: optional('sessionPersistence', sessionPersistence, 'A client stays with its first endpoint.'),
};

/** mesh.banyan.dev/v1alpha1 BackendTrafficPolicy. */
export const backendTrafficPolicy = object(
  {
    metadata: required('metadata', metadata, ''),
    spec: required(
      'spec',
      ruled(object({ ...targetFields('', ['Service']), ...partialFields(backendPolicyFields) }), hasTargets),
      '',
    ),
  },
  { ignored: ['apiVersion', 'kind', 'status'] },
);
