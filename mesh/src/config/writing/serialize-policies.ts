import { defaultBackendPolicy, defaultRoutePolicy } from '../default-policies.ts';
import type { DocumentTypes } from '../kinds/kinds.ts';
import { gatewayGroup } from '../kinds/references.ts';
import type { BackendTrafficPolicy, MeshConfig, RoutePolicy } from '../model.ts';
import { endpointSessionName } from '../resolving/normalize.ts';
import type { Json } from '../shapes/shape.ts';
import { canonicalJson } from './digest.ts';
import { document, type Metadata } from './document.ts';

/**
 * The policies in force as documents. Objects whose policies are equal share a document with the name of the first one;
 * those with the defaults have none.
 */
export function policyDocuments(config: MeshConfig, metadata: (name: string) => Metadata): Json[] {
  const backend = (name: string, targets: string[], policy: BackendTrafficPolicy) =>
    document('BackendTrafficPolicy', {
      metadata: metadata(name),
      spec: {
        targetRefs: targets.map((target) => ({ group: '', kind: 'Service', name: target })),
        targetSelectors: [],
        ...withoutDefaultName(name, policy),
      } as DocumentTypes['BackendTrafficPolicy']['spec'],
    });
  const route = (name: string, targets: string[], policy: RoutePolicy) =>
    document('HTTPRoutePolicy', {
      metadata: metadata(name),
      spec: {
        targetRefs: targets.map((target) => ({ group: gatewayGroup, kind: 'HTTPRoute', name: target })),
        targetSelectors: [],
        ...withoutDefaultResources(name, policy),
      } as DocumentTypes['HTTPRoutePolicy']['spec'],
    });
  return [
    ...grouped(config.services, defaultBackendPolicy(), backend),
    ...grouped(config.routes, defaultRoutePolicy(), route),
  ];
}

/** Each policy once, with the names of all objects that have it. */
function grouped<P>(
  objects: readonly { name: string; policy: P }[],
  plain: P,
  write: (name: string, targets: string[], policy: P) => Record<string, Json>,
): Json[] {
  // Written for one and the same target: what is the same for all targets then compares equal.
  const contentOf = (name: string, policy: P) => canonicalJson(specOf(write(name, [], policy)));
  const groups = new Map<string, { policy: P; targets: string[] }>();
  for (const { name, policy } of objects) {
    const content = contentOf(name, policy);
    if (content === contentOf(name, plain)) continue;
    const group = groups.get(content) ?? { policy, targets: [] };
    group.targets.push(name);
    groups.set(content, group);
  }
  return [...groups.values()].map(({ policy, targets }) => {
    const written = write(targets[0] ?? '', targets, policy);
    const { targetSelectors: _none, ...spec } = specOf(written);
    return { ...written, spec };
  });
}

const specOf = (written: Record<string, Json>) => written.spec as Record<string, Json>;

/** A session name that derives from the service's name must be derived again for each target. */
function withoutDefaultName(service: string, policy: BackendTrafficPolicy) {
  const { sessionPersistence: session, ...rest } = policy;
  if (session === undefined) return rest;
  const { sessionName, ...others } = session;
  return { ...rest, sessionPersistence: sessionName === endpointSessionName(service) ? others : session };
}

/** So must resources that are the route's name. */
function withoutDefaultResources(route: string, policy: RoutePolicy) {
  const { settle, ...rest } = policy;
  if (settle === undefined) return rest;
  const { resources, ...others } = settle;
  const derived = resources.length === 1 && resources[0] === route;
  return { ...rest, settle: derived ? others : settle };
}
