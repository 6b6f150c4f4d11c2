import { nested, object, optional, required } from '../shapes/object-shape.ts';
import { list } from '../shapes/shape.ts';
import { circuitBreaker } from './backend-policy/circuit-breaker.ts';
import { discovery, timeouts } from './backend-policy/connections.ts';
import { healthCheck } from './backend-policy/health-check.ts';
import { limits } from './backend-policy/limits.ts';
import { loadBalancer } from './backend-policy/load-balancer.ts';
import { hedging, retry, retryBudget } from './backend-policy/retries.ts';
import { metadata } from './metadata.ts';
import { targetReference } from './references.ts';
import { sessionPersistence } from './session-persistence.ts';

/** All but the targets: what the data plane is given. */
export const backendPolicyFields = {
  loadBalancer: nested('loadBalancer', loadBalancer, 'Which endpoint a request goes to.'),
  circuitBreaker: nested('circuitBreaker', circuitBreaker, 'When an endpoint gets no requests for a while.'),
  limits: nested('limits', limits, 'How much the service is given at a time.'),
  retryBudget: nested('retryBudget', retryBudget, 'Bounds all retries and hedges to the service, whatever routes say.'),
  retry: nested('retry', retry, 'What HTTPRoute’s `retry` does not say.'),
  healthCheck: optional('healthCheck', healthCheck, 'Active health checks; absent = none.'),
  hedging: optional('hedging', hedging, 'A second attempt for slow requests; absent = none.'),
  timeouts: nested('timeouts', timeouts, 'Of connections.'),
  discovery: nested('discovery', discovery, 'How endpoints are found.'),
  sessionPersistence: optional(
    'sessionPersistence',
    sessionPersistence,
    'A client stays with the endpoint it was given.',
  ),
};

/** mesh.banyan.dev/v1alpha1 BackendTrafficPolicy. */
export const backendTrafficPolicy = object(
  {
    metadata: required('metadata', metadata, ''),
    spec: required(
      'spec',
      object({
        targetRefs: required(
          'targetRefs',
          list(targetReference('', 'Service'), { min: 1, max: 64 }),
          'The Services it is for.',
        ),
        ...backendPolicyFields,
      }),
      '',
    ),
  },
  { ignored: ['apiVersion', 'kind', 'status'] },
);
