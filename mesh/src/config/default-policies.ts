import { backendPolicyFields } from './kinds/backend-traffic-policy.ts';
import { routePolicyFields } from './kinds/http-route-policy.ts';
import type { BackendTrafficPolicy, RoutePolicy } from './model.ts';
import { object } from './shapes/object-shape.ts';

const { sessionPersistence: _named, ...unnamedFields } = backendPolicyFields;
const backendShape = object(unnamedFields);
const { settle: _about, ruleDefaults: _inRules, ...plainFields } = routePolicyFields;
const routeShape = object(plainFields);

/** The policy of a Service without a BackendTrafficPolicy. */
export function defaultBackendPolicy(): BackendTrafficPolicy {
  return structuredClone(backendShape.fallback);
}

/** The policy of a route without an HTTPRoutePolicy. */
export function defaultRoutePolicy(): RoutePolicy {
  return structuredClone(routeShape.fallback);
}
