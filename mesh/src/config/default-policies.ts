import { backendPolicyFields } from './kinds/backend-traffic-policy.ts';
import { routePolicyFields } from './kinds/http-route-policy.ts';
import type { BackendTrafficPolicy, RoutePolicy } from './model.ts';
import { object } from './shapes/object-shape.ts';

const { sessionPersistence: _named, ...unnamedFields } = backendPolicyFields;
const backendShape = object(unnamedFields);
const routeShape = object(routePolicyFields);

/** What holds for a Service that no BackendTrafficPolicy is for. */
export function defaultBackendPolicy(): BackendTrafficPolicy {
  return structuredClone(backendShape.fallback);
}

/** What holds for a route that no HTTPRoutePolicy is for. */
export function defaultRoutePolicy(): RoutePolicy {
  return structuredClone(routeShape.fallback);
}
