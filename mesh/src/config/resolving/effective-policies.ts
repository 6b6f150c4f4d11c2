import { backendPolicyFields } from '../kinds/backend-traffic-policy.ts';
import { routePolicyFields } from '../kinds/http-route-policy.ts';
import type { Documents, ReadDocument } from '../reading/documents.ts';
import { object } from '../shapes/object-shape.ts';
import type { Shape } from '../shapes/shape.ts';
import { Cursor, type Origin } from '../tree/cursor.ts';
import { follow, type Tree } from '../tree/tree.ts';
import { effectiveRules } from './effective-rules.ts';
import { emptyMap, mergeTrees, ownerAmong } from './merge.ts';
import { type PolicyKind, type PolicyLayer, type PolicyLayers, policyLayers } from './policy-layers.ts';
import { type PolicySource, sourceOf } from './policy-source.ts';

const targets = { ignored: ['targetRefs', 'targetSelectors'] };
const backendFields = object(backendPolicyFields, targets);
const routeFields = object(routePolicyFields, targets);

type RuleDocument = Documents['HTTPRoute'][number]['value']['spec']['rules'][number];

/** The policies of one object, merged. */
export interface EffectivePolicy<T> {
  policy: T;
  /** The most general first. */
  layers: readonly PolicyLayer<PolicyKind>[];
}

/** What applies to each Service and HTTPRoute that has a policy, by its name. */
export interface EffectivePolicies {
  services: ReadonlyMap<string, EffectivePolicy<ReturnType<typeof backendFields.read>>>;
  routes: ReadonlyMap<string, EffectivePolicy<ReturnType<typeof routeFields.read>>>;
  /** The rules of each route, with what the policy adds to them. */
  rules: ReadonlyMap<string, RuleDocument[]>;
  sources: PolicySource[];
}

/**
 * Merges the policies of each object, the specific over the general ones, and checks the result as a whole. Its faults are
 * reported at the document that each value comes from.
 */
export function effectivePolicies(documents: Documents): EffectivePolicies {
  const services = readAll(policyLayers('BackendTrafficPolicy', documents), backendFields);
  const routes = readAll(policyLayers('HTTPRoutePolicy', documents), routeFields);
  checkUnused(documents.BackendTrafficPolicy, services, backendFields);
  checkUnused(documents.HTTPRoutePolicy, routes, routeFields);
  const rules = documents.HTTPRoute.map((route): [string, RuleDocument[]] => {
    const { name } = route.value.metadata;
    const found = routes.get(name);
    const inherited = found === undefined ? undefined : follow(found.tree, ['ruleDefaults']);
    const value = found?.policy.ruleDefaults;
    if (inherited === undefined || value === undefined || route.faulty) return [name, route.value.spec.rules];
    return [name, effectiveRules(route, inherited, value.filters)];
  });
  return {
    services,
    routes,
    rules: new Map(rules),
    sources: [
      ...[...services].map(([name, { layers }]) => sourceOf('Service', name, layers)),
      ...[...routes].map(([name, { layers }]) => sourceOf('HTTPRoute', name, layers)),
    ],
  };
}

type Merged<T> = EffectivePolicy<T> & { tree: Tree };

function readAll<K extends PolicyKind, T>(all: PolicyLayers<K>, shape: Shape<T>): Map<string, Merged<T>> {
  const merged = new Map<string, Merged<T>>();
  for (const [name, layers] of all) {
    if (layers.length === 0) continue;
    const tree = layers.reduce<Tree>((below, { document }) => mergeTrees(below, specOf(document)), emptyMap());
    merged.set(name, {
      policy: readMerged(
        tree,
        layers.map(({ document }) => document.at.origin),
        shape,
      ),
      tree,
      layers,
    });
  }
  return merged;
}

/** Names of the routes that a policy applies to. @param at its root */
export function routesOf({ origin }: Cursor, { routes }: EffectivePolicies): Set<string> {
  const applied = [...routes].filter(([, { layers }]) => layers.some(({ document }) => document.at.origin === origin));
  return new Set(applied.map(([name]) => name));
}

const specOf = ({ at }: ReadDocument<PolicyKind>): Tree => follow(at.tree, ['spec']) ?? emptyMap();

function readMerged<T>(tree: Tree, origins: readonly Origin[], shape: Shape<T>): T {
  const origin: Origin = {
    file: '',
    document: 0,
    object: '',
    tree,
    faults: [],
    unread: new Set(),
    ownerOf: (steps) => ownerAmong(origins, steps),
  };
  return shape.read(new Cursor(origin, tree, ['spec']));
}

/** A policy that applies to nothing, and names what it was for, is checked as it is. */
function checkUnused<T>(
  policies: readonly ReadDocument<PolicyKind>[],
  used: ReadonlyMap<string, Merged<unknown>>,
  shape: Shape<T>,
): void {
  const merged = new Set([...used.values()].flatMap(({ layers }) => layers.map(({ document }) => document.at.origin)));
  for (const { value, at } of policies) {
    const general =
      value.spec.targetSelectors.length > 0 || value.spec.targetRefs.some(({ kind }) => kind === 'Gateway');
    if (general || merged.has(at.origin) || follow(at.tree, ['spec'])?.kind !== 'map') continue;
    shape.read(new Cursor(at.origin, follow(at.tree, ['spec']), ['spec']));
  }
}
