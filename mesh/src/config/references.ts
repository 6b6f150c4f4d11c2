import { checkFailovers } from './check-failover.ts';
import { closest } from './closest.ts';
import type { Cursor } from './cursor.ts';
import type { Documents, ReadDocument } from './documents.ts';
import { didYouMean } from './fault.ts';
import { effectiveHostnames } from './hostnames.ts';
import { serviceLabel } from './kinds/endpoint-slice.ts';
import type { Kind } from './kinds/kinds.ts';
import { gatewayGroup } from './kinds/references.ts';
import { endpointsOfSlice, namespaceOf, servicePortOf } from './normalise.ts';
import type { Step } from './tree.ts';

/**
 * Checks what documents say about each other. A faulty document still counts as being there, and what it says is
 * checked too, so that one pass finds everything.
 */
export function checkReferences(documents: Documents): void {
  const names = new Names(documents);
  checkNames(documents);
  for (const route of documents.HTTPRoute) checkRoute(route, names);
  for (const slice of documents.EndpointSlice) checkSlice(slice, names);
  checkEndpointsOnce(documents, names);
  checkEndpointSources(documents);
  checkTargets(documents.BackendTrafficPolicy, 'Service', names.services);
  checkTargets(documents.HTTPRoutePolicy, 'HTTPRoute', names.routes);
  checkListeners(documents.Gateway);
  checkFailovers(documents);
}

class Names {
  readonly services: Map<string, ReadDocument<'Service'>>;
  readonly gateways: Map<string, ReadDocument<'Gateway'>>;
  readonly routes: Map<string, ReadDocument<'HTTPRoute'>>;

  constructor(documents: Documents) {
    this.services = new Map(documents.Service.map((document) => [document.value.metadata.name, document]));
    this.gateways = new Map(documents.Gateway.map((document) => [document.value.metadata.name, document]));
    this.routes = new Map(documents.HTTPRoute.map((document) => [document.value.metadata.name, document]));
  }
}

function missing(at: Cursor, steps: readonly Step[], kind: Kind, name: string, known: Iterable<string>): void {
  at.fault(
    steps,
    `must name ${kind === 'Service' || kind === 'Gateway' ? 'a' : 'an'} ${kind} that is among the documents`,
    didYouMean(closest(name, known)),
  );
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
      if (other !== undefined) at.fault(['metadata', 'name'], `must be unique: ${placeText(other)} has it too`);
      else first.set(name, at);
      foreign(at, ['metadata', 'namespace'], value.metadata.namespace);
    }
  }
  for (const { value, at } of documents.HTTPRoute) {
    for (const [index, { namespace: stated }] of value.spec.parentRefs.entries()) {
      foreign(at, ['spec', 'parentRefs', index, 'namespace'], stated);
    }
    for (const [index, { backendRefs }] of value.spec.rules.entries()) {
      for (const [place, { namespace: stated }] of backendRefs.entries()) {
        foreign(at, ['spec', 'rules', index, 'backendRefs', place, 'namespace'], stated);
      }
    }
  }
  for (const { value, at } of [...documents.BackendTrafficPolicy, ...documents.HTTPRoutePolicy]) {
    for (const [index, { namespace: stated }] of value.spec.targetRefs.entries()) {
      foreign(at, ['spec', 'targetRefs', index, 'namespace'], stated);
    }
  }
}

function checkRoute({ value, at }: ReadDocument<'HTTPRoute'>, names: Names): void {
  for (const [index, parent] of value.spec.parentRefs.entries()) {
    checkParent(parent, value.spec.hostnames, at, ['spec', 'parentRefs', index], names);
  }
  for (const [index, { filters, backendRefs }] of value.spec.rules.entries()) {
    const rule: Step[] = ['spec', 'rules', index];
    checkMirrors(filters, at, [...rule, 'filters'], names);
    for (const [place, { name, port, filters: inner }] of backendRefs.entries()) {
      checkBackend(name, port, at, [...rule, 'backendRefs', place], names);
      checkMirrors(inner, at, [...rule, 'backendRefs', place, 'filters'], names);
    }
  }
}

type Rule = Documents['HTTPRoute'][number]['value']['spec']['rules'][number];

function checkMirrors(filters: Rule['filters'], at: Cursor, steps: readonly Step[], names: Names): void {
  for (const [index, filter] of filters.entries()) {
    if (filter.type !== 'RequestMirror') continue;
    const { service, port } = filter.mirror;
    checkBackend(service, port, at, [...steps, index, 'requestMirror', 'backendRef'], names);
  }
}

function checkBackend(name: string, port: number, at: Cursor, steps: readonly Step[], names: Names): void {
  const service = names.services.get(name);
  if (service === undefined) missing(at, [...steps, 'name'], 'Service', name, names.services.keys());
  else checkServicePort(service, port, at, [...steps, 'port']);
}

function checkServicePort(service: ReadDocument<'Service'>, port: number, at: Cursor, steps: readonly Step[]): void {
  const ports = service.value.spec.ports.map((candidate) => candidate.port);
  if (service.faulty || ports.includes(port)) return;
  at.fault(steps, `must be a port of Service ${service.value.metadata.name}: ${ports.join(', ')}`);
}

type Parent = Documents['HTTPRoute'][number]['value']['spec']['parentRefs'][number];

function checkParent(parent: Parent, hostnames: string[], at: Cursor, steps: readonly Step[], names: Names): void {
  const { group, kind, name, sectionName, port } = parent;
  const wantedGroup = kind === 'Gateway' ? gatewayGroup : '';
  if (group !== undefined && group !== wantedGroup) {
    at.fault([...steps, 'group'], `must be "${wantedGroup}" for kind ${kind}`);
  }
  if (kind === 'Service') {
    const service = names.services.get(name);
    if (service === undefined) missing(at, [...steps, 'name'], 'Service', name, names.services.keys());
    else if (port !== undefined) checkServicePort(service, port, at, [...steps, 'port']);
    if (sectionName !== undefined) at.fault([...steps, 'sectionName'], 'must not be there: a Service has no listeners');
    return;
  }
  const gateway = names.gateways.get(name);
  if (gateway === undefined) {
    missing(at, [...steps, 'name'], 'Gateway', name, names.gateways.keys());
    return;
  }
  if (gateway.faulty) return;
  const { listeners } = gateway.value.spec;
  const named = listeners.filter((listener) => sectionName === undefined || listener.name === sectionName);
  if (named.length === 0) {
    const known = listeners.map((listener) => listener.name);
    at.fault(
      [...steps, 'sectionName'],
      `must be a listener of Gateway ${name}: ${known.join(', ')}`,
      didYouMean(closest(sectionName ?? '', known)),
    );
    return;
  }
  const meant = named.filter((listener) => port === undefined || listener.port === port);
  if (meant.length === 0) {
    at.fault(
      [...steps, 'port'],
      `must be the port of a listener of Gateway ${name}: ${named.map((l) => l.port).join(', ')}`,
    );
  } else if (meant.every(({ hostname }) => effectiveHostnames(hostname, hostnames).length === 0)) {
    at.warn([...steps, 'name'], `has no listener whose hostname fits those of the route: nothing comes in this way`);
  }
}

function checkSlice({ value, at }: ReadDocument<'EndpointSlice'>, names: Names): void {
  const label: Step[] = ['metadata', 'labels', serviceLabel];
  const name = value.metadata.labels?.[serviceLabel];
  if (name === undefined) return;
  const service = names.services.get(name);
  if (service === undefined) {
    missing(at, label, 'Service', name, names.services.keys());
    return;
  }
  if (service.faulty) return;
  if (service.value.spec.type === 'ExternalName') {
    at.fault(label, `must not name a Service of type ExternalName: the endpoints of ${name} come from DNS`);
  }
  const ports = service.value.spec.ports.map((port) => port.name ?? '');
  for (const [index, port] of value.ports.entries()) {
    if (servicePortOf(service.value, port.name) !== undefined) continue;
    const rule = `must be the name of a port of Service ${name}: ${ports.map((known) => JSON.stringify(known)).join(', ')}`;
    at.fault(['ports', index, 'name'], rule, didYouMean(closest(port.name ?? '', ports)));
  }
}

/** The same endpoint twice would get twice the traffic, or two weights. */
function checkEndpointsOnce(documents: Documents, names: Names): void {
  const first = new Map<string, Cursor>();
  for (const { value, at } of documents.EndpointSlice) {
    const service = names.services.get(value.metadata.labels?.[serviceLabel] ?? '');
    if (service === undefined) continue;
    for (const { servicePort, address, port } of endpointsOfSlice(service.value, value)) {
      const key = JSON.stringify([service.value.metadata.name, servicePort, address, port]);
      const other = first.get(key);
      if (other === undefined) first.set(key, at);
      else
        at.fault(
          ['endpoints'],
          `must not hold ${address} port ${port} twice: ${placeText(other)} has it for the same Service`,
        );
    }
  }
}

function checkEndpointSources({
  Service: services,
  EndpointSlice: slices,
  BackendTrafficPolicy: policies,
}: Documents): void {
  const sliced = new Set(slices.map(({ value }) => value.metadata.labels?.[serviceLabel]));
  const leased = new Set(
    policies.flatMap(({ value }) =>
      value.spec.discovery.lease === undefined ? [] : value.spec.targetRefs.map((ref) => ref.name),
    ),
  );
  for (const { value, at } of services) {
    const { name } = value.metadata;
    if (value.spec.type === 'ExternalName' || sliced.has(name) || leased.has(name)) continue;
    at.warn(
      ['metadata', 'name'],
      'has no endpoints: no externalName, no EndpointSlice, and no policy that allows leases',
    );
  }
}

interface Targeting {
  value: { metadata: { name: string }; spec: { targetRefs: { name: string }[] } };
  at: Cursor;
}

/** Every target exists, and has one policy of a kind: which of two would win is nobody's guess. */
function checkTargets(policies: readonly Targeting[], kind: Kind, known: ReadonlyMap<string, unknown>): void {
  const taken = new Map<string, string>();
  for (const { value, at } of policies) {
    for (const [index, { name }] of value.spec.targetRefs.entries()) {
      const steps: Step[] = ['spec', 'targetRefs', index, 'name'];
      const other = taken.get(name);
      if (!known.has(name)) missing(at, steps, kind, name, known.keys());
      else if (other !== undefined) at.fault(steps, `must not be the target of two policies: ${other} is for it too`);
      taken.set(name, value.metadata.name);
    }
  }
}

/** Two Gateways cannot listen on one port for the same host names. */
function checkListeners(gateways: readonly ReadDocument<'Gateway'>[]): void {
  const before: { name: string; port: number; addresses: readonly string[] }[] = [];
  for (const { value, at } of gateways) {
    const { name } = value.metadata;
    const addresses = value.spec.addresses?.map((address) => address.value) ?? [];
    for (const [index, { port }] of value.spec.listeners.entries()) {
      const other = before.find(
        (known) => known.port === port && known.name !== name && meet(known.addresses, addresses),
      );
      if (port !== 0 && other !== undefined) {
        at.fault(
          ['spec', 'listeners', index, 'port'],
          `must not be one that Gateway ${other.name} listens on at the same address`,
        );
      }
      before.push({ name, port, addresses });
    }
  }
}

/** Whether two sets of addresses have one in common; none = the one that the process is told. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((address) => b.includes(address));
}
