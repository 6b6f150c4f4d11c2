import { closest } from '../closest.ts';
import { didYouMean } from '../fault.ts';
import { isServed } from '../kinds/gateway.ts';
import { serviceLabel } from '../kinds/metadata.ts';
import type { TargetKind } from '../kinds/policy-targets.ts';
import type { Documents, ReadDocument } from '../reading/documents.ts';
import type { Cursor } from '../tree/cursor.ts';
import type { Step } from '../tree/tree.ts';
import { checkFailovers } from './check-failover.ts';
import { checkSettles } from './check-settle.ts';
import type { EffectivePolicies } from './effective-policies.ts';
import { servicePortOf, statesEndpoints } from './endpoints.ts';
import { addressesOf } from './normalize.ts';
import { type BackendReference, type DeadEnd, kindOfParent, Names, namespaceOf } from './resolve.ts';

/**
 * Checks the references between documents. A reference that leads nowhere is reported as unresolved and affects only
 * what depends on it. A contradiction is a fault. Faulty documents are checked too and count as present, so that one
 * pass finds everything.
 */
export function checkReferences(documents: Documents, policies: EffectivePolicies): void {
  const names = new Names(documents);
  checkNames(documents);
  for (const route of documents.HTTPRoute) checkRoute(route, names);
  for (const slice of documents.EndpointSlice) checkSlice(slice, names);
  checkEndpointSources(documents, policies);
  checkTargets(documents.BackendTrafficPolicy, names);
  checkTargets(documents.HTTPRoutePolicy, names);
  checkListeners(documents.Gateway);
  checkFailovers(documents, policies);
  checkSettles(documents, policies);
}

function reportDeadEnd(at: Cursor, steps: readonly Step[], dead: DeadEnd | null, effect: string): void {
  if (dead === null) return;
  const hint = dead.hint === undefined ? {} : { hint: dead.hint };
  at.unresolved([...steps, ...dead.steps], `${dead.rule}; ${effect}`, hint);
}

const placeText = ({ origin }: Cursor): string => `${origin.file}:${origin.tree.place.line}`;

/** Names are unique per kind, and all documents share one namespace. */
function checkNames(documents: Documents): void {
  const namespace = namespaceOf(documents);
  const foreign = (at: Cursor, steps: readonly Step[], stated: string | undefined) => {
    if (stated === undefined || stated === namespace) return;
    at.fault(steps, `must be "${namespace}" as in the other documents: one mesh serves one namespace`);
  };
  for (const list of Object.values(documents)) {
    const first = new Map<string, Cursor>();
    for (const { value, at } of list) {
      const { name } = value.metadata;
      const other = first.get(name);
      if (other !== undefined) at.fault(['metadata', 'name'], `must be unique: ${placeText(other)} has the same name`);
      else first.set(name, at);
      foreign(at, ['metadata', 'namespace'], value.metadata.namespace);
    }
  }
}

function checkRoute({ value, at }: ReadDocument<'HTTPRoute'>, names: Names): void {
  for (const [index, parent] of value.spec.parentRefs.entries()) {
    const steps: Step[] = ['spec', 'parentRefs', index];
    const dead = names.parent(parent);
    reportDeadEnd(at, steps, dead, 'the route takes no requests there');
    if (dead !== null || kindOfParent(parent) !== 'Gateway' || names.gateways.get(parent.name)?.faulty) continue;
    if (!names.fitsNoListener(parent, value.spec.hostnames)) continue;
    at.warn([...steps, 'name'], `has no listener whose hostname fits those of the route: no requests come from it`);
  }
  for (const [index, { filters, backendRefs }] of value.spec.rules.entries()) {
    const rule: Step[] = ['spec', 'rules', index];
    checkMirrors(filters, at, [...rule, 'filters'], names);
    for (const [place, ref] of backendRefs.entries()) {
      const steps = [...rule, 'backendRefs', place];
      reportDeadEnd(at, steps, names.backend(ref), 'its share of the requests gets a 500');
      checkMirrors(ref.filters, at, [...steps, 'filters'], names);
    }
  }
}

type Rule = Documents['HTTPRoute'][number]['value']['spec']['rules'][number];

function checkMirrors(filters: Rule['filters'], at: Cursor, steps: readonly Step[], names: Names): void {
  for (const [index, filter] of filters.entries()) {
    if (filter.type !== 'RequestMirror') continue;
    const { service: name, port, target } = filter.mirror;
    const ref: BackendReference = { ...target, name, ...(port === 0 ? {} : { port }) };
    reportDeadEnd(
      at,
      [...steps, index, 'requestMirror', 'backendRef'],
      names.backend(ref),
      'nothing is mirrored there',
    );
  }
}

function checkSlice({ value, at }: ReadDocument<'EndpointSlice'>, names: Names): void {
  const label: Step[] = ['metadata', 'labels', serviceLabel];
  const name = value.metadata.labels?.[serviceLabel];
  if (name === undefined) return;
  const service = names.services.get(name);
  if (service === undefined) {
    const hint = didYouMean(closest(name, names.services.keys()));
    at.unresolved(label, 'names no Service among the documents; these endpoints get no requests', hint);
    return;
  }
  if (service.faulty) return;
  if (service.value.spec.type === 'ExternalName') {
    at.warn(label, `is of type ExternalName: the endpoints of ${name} come from DNS, and these get no requests`);
    return;
  }
  const known = service.value.spec.ports.map((port) => port.name ?? '');
  for (const [index, port] of value.ports.entries()) {
    if (!statesEndpoints(port)) {
      at.warn(['ports', index], 'is not a TCP port with a number, and is ignored');
    } else if (servicePortOf(service.value, port.name) === undefined) {
      const quoted = known.map((portName) => JSON.stringify(portName)).join(', ') || 'it has none';
      const rule = `is not the name of a port of Service ${name} (${quoted}); these endpoints get no requests`;
      at.unresolved(['ports', index, 'name'], rule, didYouMean(closest(port.name ?? '', known)));
    }
  }
}

function checkEndpointSources(
  { Service: services, EndpointSlice: slices }: Documents,
  policies: EffectivePolicies,
): void {
  const sliced = new Set(slices.map(({ value }) => value.metadata.labels?.[serviceLabel]));
  const leases = (name: string) => policies.services.get(name)?.policy.discovery.lease !== undefined;
  for (const { value, at } of services) {
    const { name } = value.metadata;
    if (value.spec.ports.length === 0) {
      at.warn(['spec', 'ports'], 'is empty: no route can send to this Service');
      continue;
    }
    if (value.spec.type === 'ExternalName' || sliced.has(name) || leases(name)) continue;
    at.warn(
      ['metadata', 'name'],
      'has no endpoints: no externalName, no EndpointSlice, and no policy that allows leases',
    );
  }
}

interface Targeting {
  value: {
    metadata: { name: string };
    spec: { targetRefs: { kind: TargetKind; name: string; namespace?: string }[] };
  };
  at: Cursor;
}

/** Reports a target that two policies of a kind name: neither takes precedence. */
function checkTargets(policies: readonly Targeting[], names: Names): void {
  const known = { Service: names.services, HTTPRoute: names.routes, Gateway: names.gateways };
  const taken = new Map<string, string>();
  for (const { value, at } of policies) {
    for (const [index, target] of value.spec.targetRefs.entries()) {
      const { kind, name } = target;
      const key = `${kind}/${name}`;
      const steps: Step[] = ['spec', 'targetRefs', index, 'name'];
      const other = taken.get(key);
      const elsewhere = (target.namespace ?? names.namespace) !== names.namespace;
      const dead = elsewhere || !known[kind].has(name);
      if (dead) {
        const hint = elsewhere ? {} : didYouMean(closest(name, known[kind].keys()));
        at.unresolved(steps, `names no ${kind} among the documents; the policy has no effect there`, hint);
      } else if (other !== undefined) at.fault(steps, `must not be the target of two policies: ${other} has it too`);
      if (!dead) taken.set(key, value.metadata.name);
    }
  }
}

/** Reports Gateways that listen on one port for the same host names. */
function checkListeners(gateways: readonly ReadDocument<'Gateway'>[]): void {
  const before: { name: string; port: number; addresses: readonly string[] }[] = [];
  for (const { value, at } of gateways) {
    const { name } = value.metadata;
    const addresses = addressesOf(value);
    for (const [index, { port, protocol }] of value.spec.listeners.entries()) {
      if (!isServed({ protocol })) continue;
      const other = before.find(
        (known) => known.port === port && known.name !== name && meet(known.addresses, addresses),
      );
      if (port !== 0 && other !== undefined) {
        at.fault(
          ['spec', 'listeners', index, 'port'],
          `must not be a port of Gateway ${other.name} at the same address`,
        );
      }
      before.push({ name, port, addresses });
    }
  }
}

/** Whether two sets of addresses overlap; an empty set = the address in HOST. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((address) => b.includes(address));
}
