import type { Kind } from '../kinds/kinds.ts';
import type { Documents, ReadDocument } from '../reading/documents.ts';
import { follow } from '../tree/tree.ts';
import { kindOfParent, namespaceOf } from './resolve.ts';

export type PolicyKind = 'BackendTrafficPolicy' | 'HTTPRoutePolicy';

/** A policy that applies to an object, and why it does. */
export interface PolicyLayer<K extends PolicyKind> {
  document: ReadDocument<K>;
  /** `Gateway edge`, `labels` or `name`. */
  by: string;
}

/** The policies of an object: the most general first, at most one at each level. */
export type PolicyLayers<K extends PolicyKind> = ReadonlyMap<string, readonly PolicyLayer<K>[]>;

/**
 * The policies of each Service or HTTPRoute, by its name: that of its Gateway, that which selects it by labels, that which
 * names it. Two at one level are a fault, since neither would take precedence.
 */
export function policyLayers<K extends PolicyKind>(kind: K, documents: Documents): PolicyLayers<K> {
  const policies = documents[kind] as ReadDocument<K>[];
  const ours = namespaceOf(documents);
  const objects: readonly ReadDocument<'Service' | 'HTTPRoute'>[] =
    kind === 'HTTPRoutePolicy' ? documents.HTTPRoute : documents.Service;
  const named = byTarget(policies, ours);
  const selecting = policies.filter(({ value }) => value.spec.targetSelectors.length > 0);
  const layers = new Map<string, PolicyLayer<K>[]>();
  for (const object of objects) {
    const { name } = object.value.metadata;
    const own = named.get(`${kind === 'HTTPRoutePolicy' ? 'HTTPRoute' : 'Service'}/${name}`);
    layers.set(name, [
      ...gatewayLayers(object, named, ours),
      ...selectingLayers(object, selecting),
      ...(own === undefined ? [] : [{ document: own, by: 'name' }]),
    ]);
  }
  return layers;
}

/** The first policy that names each object: `checkTargets` reports the others. */
function byTarget<K extends PolicyKind>(policies: readonly ReadDocument<K>[], ours: string) {
  const named = new Map<string, ReadDocument<K>>();
  for (const policy of policies) {
    for (const { kind, name, namespace = ours } of policy.value.spec.targetRefs) {
      const key = `${kind}/${name}`;
      if (namespace === ours && !named.has(key)) named.set(key, policy);
    }
  }
  return named;
}

function gatewayLayers<K extends PolicyKind>(
  object: ReadDocument<'Service' | 'HTTPRoute'>,
  named: ReadonlyMap<string, ReadDocument<K>>,
  ours: string,
): PolicyLayer<K>[] {
  const { spec } = object.value;
  if (!('parentRefs' in spec)) return [];
  const parents = spec.parentRefs.filter(
    (parent) => kindOfParent(parent) === 'Gateway' && (parent.namespace ?? ours) === ours,
  );
  const gateways = [...new Set(parents.map(({ name }) => name))];
  const found = gateways.flatMap((name) => {
    const document = named.get(`Gateway/${name}`);
    return document === undefined ? [] : [{ document, by: `Gateway ${name}` }];
  });
  if (new Set(found.map(({ document }) => document)).size > 1) {
    const names = found.map(({ by }) => by).join(', ');
    object.at.fault(['spec', 'parentRefs'], `must not name two Gateways with policies of their own: ${names}`);
  }
  return found.slice(0, 1);
}

function selectingLayers<K extends PolicyKind>(
  object: ReadDocument<'Service' | 'HTTPRoute'>,
  policies: readonly ReadDocument<K>[],
): PolicyLayer<K>[] {
  const found = policies.flatMap((document) => {
    const index = document.value.spec.targetSelectors.findIndex(({ matchLabels }) => hasLabels(object, matchLabels));
    return index < 0 ? [] : [{ document, index }];
  });
  const [first, ...others] = found;
  for (const { document, index } of others) {
    const { metadata } = object.value;
    document.at.fault(
      ['spec', 'targetSelectors', index, 'matchLabels'],
      `must not select ${metadata.name}, which ${first?.document.value.metadata.name} selects too`,
    );
  }
  return first === undefined ? [] : [{ document: first.document, by: 'labels' }];
}

function hasLabels({ at }: ReadDocument<Kind>, wanted: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(wanted);
  return (
    entries.length > 0 &&
    entries.every(([key, value]) => {
      const label = follow(at.tree, ['metadata', 'labels', key]);
      return label?.kind === 'scalar' && label.value === value;
    })
  );
}
