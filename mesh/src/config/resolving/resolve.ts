import { closest } from '../closest.ts';
import { didYouMean } from '../fault.ts';
import { isServed } from '../kinds/gateway.ts';
import { gatewayGroup } from '../kinds/references.ts';
import { portFault } from '../kinds/service.ts';
import type { Documents, ReadDocument } from '../reading/documents.ts';
import { effectiveHostnames } from '../shapes/hostnames.ts';
import type { Step } from '../tree/tree.ts';

/** Why a reference leads nowhere. */
export interface DeadEnd {
  /** Path from the reference to its faulty part. */
  steps: Step[];
  rule: string;
  hint?: string;
}

type ServiceDocument = ReadDocument<'Service'>;
type GatewayDocument = ReadDocument<'Gateway'>;
type RouteSpec = Documents['HTTPRoute'][number]['value']['spec'];
export type ParentReference = RouteSpec['parentRefs'][number];

export interface BackendReference {
  group?: string | undefined;
  kind?: string | undefined;
  name: string;
  namespace?: string | undefined;
  port?: number | undefined;
}

/** The namespace of the documents, or `default`. */
export function namespaceOf(documents: Documents): string {
  for (const list of Object.values(documents)) {
    for (const { value } of list) if (value.metadata.namespace !== undefined) return value.metadata.namespace;
  }
  return 'default';
}

/** The objects of one configuration by name, to resolve references. */
export class Names {
  readonly namespace: string;
  readonly services: ReadonlyMap<string, ServiceDocument>;
  readonly gateways: ReadonlyMap<string, GatewayDocument>;
  readonly routes: ReadonlyMap<string, ReadDocument<'HTTPRoute'>>;

  constructor(documents: Documents) {
    this.namespace = namespaceOf(documents);
    this.services = new Map(documents.Service.map((document) => [document.value.metadata.name, document]));
    this.gateways = new Map(documents.Gateway.map((document) => [document.value.metadata.name, document]));
    this.routes = new Map(documents.HTTPRoute.map((document) => [document.value.metadata.name, document]));
  }

  /** Why nothing can be sent to a backend or mirror; null if it is a port of a Service. */
  backend({ group = '', kind = 'Service', name, namespace, port }: BackendReference): DeadEnd | null {
    if (group !== '' || kind !== 'Service') {
      return {
        steps: ['kind'],
        rule: 'is not a kind of backend: only Services of the core group are',
      };
    }
    const elsewhere = this.#elsewhere(namespace);
    if (elsewhere !== null) return elsewhere;
    const service = this.services.get(name);
    if (service === undefined) return missing('Service', name, this.services.keys());
    return port === undefined ? null : portOf(service, port);
  }

  /**
   * The ports of a Service that a parentRef selects (null = all of them), or why it selects none. The `sectionName` of
   * a Service is the name of a port.
   */
  serviceParent(parent: ParentReference): { ports: number[] } | DeadEnd {
    const elsewhere = this.#elsewhere(parent.namespace);
    if (elsewhere !== null) return elsewhere;
    const service = this.services.get(parent.name);
    if (service === undefined) return missing('Service', parent.name, this.services.keys());
    const { ports } = service.value.spec;
    const { sectionName, port } = parent;
    const named = ports.filter((candidate) => sectionName === undefined || candidate.name === sectionName);
    if (named.length === 0 && sectionName !== undefined && !service.faulty) {
      const known = ports.flatMap((candidate) => candidate.name ?? []);
      return {
        steps: ['sectionName'],
        rule: `is not the name of a port of Service ${parent.name}: ${known.join(', ') || 'none has a name'}`,
        ...didYouMean(closest(sectionName, known)),
      };
    }
    if (port === undefined)
      return { ports: named.filter((found) => portFault(found) === null).map((found) => found.port) };
    const dead = portOf(service, port);
    if (dead !== null) return dead;
    if (!named.some((found) => found.port === port) && !service.faulty) {
      return { steps: ['port'], rule: `is not the number of port ${sectionName} of Service ${parent.name}` };
    }
    return { ports: [port] };
  }

  /** Why a parentRef leads to no listener of a Gateway; null if it leads to one. */
  gatewayParent(parent: ParentReference): DeadEnd | null {
    const elsewhere = this.#elsewhere(parent.namespace);
    if (elsewhere !== null) return elsewhere;
    const gateway = this.gateways.get(parent.name);
    if (gateway === undefined) return missing('Gateway', parent.name, this.gateways.keys());
    if (gateway.faulty) return null;
    const { name, sectionName, port } = parent;
    const listeners = gateway.value.spec.listeners.filter(isServed);
    const named = listeners.filter((listener) => sectionName === undefined || listener.name === sectionName);
    if (named.length === 0) {
      const known = listeners.map((listener) => listener.name);
      return {
        steps: [sectionName === undefined ? 'name' : 'sectionName'],
        rule: `is not a listener for HTTP of Gateway ${name}: ${known.join(', ') || 'there is none'}`,
        ...didYouMean(closest(sectionName ?? '', known)),
      };
    }
    if (port === undefined || named.some((listener) => listener.port === port)) return null;
    const ports = named.map((listener) => listener.port).join(', ');
    return { steps: ['port'], rule: `is not the port of a listener of Gateway ${name}: ${ports}` };
  }

  /** Why a parentRef leads nowhere; null if it leads to a Gateway or a Service. */
  parent(parent: ParentReference): DeadEnd | null {
    const kind = kindOfParent(parent);
    if (kind === 'Gateway') return this.gatewayParent(parent);
    if (kind === null) {
      return {
        steps: ['kind'],
        rule: 'is not a kind of parent: only Gateways and Services are',
      };
    }
    const found = this.serviceParent(parent);
    return 'rule' in found ? found : null;
  }

  /** Whether the host names of a route fit no listener of a parentRef. */
  fitsNoListener({ name, sectionName, port }: ParentReference, hostnames: readonly string[]): boolean {
    const listeners = this.gateways.get(name)?.value.spec.listeners.filter(isServed) ?? [];
    return listeners
      .filter((listener) => sectionName === undefined || listener.name === sectionName)
      .filter((listener) => port === undefined || listener.port === port)
      .every(({ hostname }) => effectiveHostnames(hostname, hostnames).length === 0);
  }

  #elsewhere(namespace: string | undefined): DeadEnd | null {
    if (namespace === undefined || namespace === this.namespace) return null;
    return {
      steps: ['namespace'],
      rule: `is not "${this.namespace}", the namespace of the documents: one mesh serves one namespace`,
    };
  }
}

/** Gateway or Service; null for any other kind. */
export function kindOfParent({ group, kind }: ParentReference): 'Gateway' | 'Service' | null {
  if (kind === 'Gateway' && (group === undefined || group === gatewayGroup)) return 'Gateway';
  if (kind === 'Service' && (group === undefined || group === '')) return 'Service';
  return null;
}

function missing(kind: string, name: string, known: Iterable<string>): DeadEnd {
  return { steps: ['name'], rule: `names no ${kind} among the documents`, ...didYouMean(closest(name, known)) };
}

/** Why nothing can be sent to a port of a Service; null if requests can be sent. */
function portOf(service: ServiceDocument, port: number): DeadEnd | null {
  if (service.faulty) return null;
  const { metadata, spec } = service.value;
  const candidates = spec.ports.filter((candidate) => candidate.port === port);
  if (candidates.some((candidate) => portFault(candidate) === null)) return null;
  const reason = candidates.map(portFault).find((fault) => fault !== null);
  if (reason !== undefined && reason !== null) {
    return { steps: ['port'], rule: `cannot be sent to: port ${port} of Service ${metadata.name} ${reason}` };
  }
  const known = spec.ports.map((candidate) => candidate.port).join(', ');
  return { steps: ['port'], rule: `is not a port of Service ${metadata.name}: ${known || 'it has none'}` };
}
