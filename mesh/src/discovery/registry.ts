import type { Clock } from '../clock.ts';
import type { Service as ServiceDocument } from '../config/model.ts';
import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Connections } from '../upstream/connections.ts';
import { Endpoint, type EndpointAddress, endpointId } from './endpoint.ts';
import { healthOf } from './health.ts';
import { Service, serviceId } from './service.ts';

/** A change of a service's endpoints, for the journal and the log. */
export interface EndpointsChange {
  service: string;
  added: string[];
  removed: string[];
}

export interface RegistryOptions {
  clock: Clock;
  connect: (host: string, port: number, policy: BackendTrafficPolicy) => Connections;
  onChange?: (change: EndpointsChange) => void;
  /** The policy of a service has changed. Its connections already follow the new one. */
  onPolicy?: (service: Service) => void;
  /** The health checks of an endpoint report its recovery. */
  onRecovered?: (service: Service, endpoint: Endpoint) => void;
  /** The endpoints of a service have been set. They may be the same, or differ in weight only. */
  onEndpoints?: (service: Service) => void;
}

/** An endpoint that ends its requests in flight. */
interface Leaving {
  service: Service;
  /** Monotonic ms. */
  sinceMs: number;
  cancelCut: () => void;
}

/**
 * All services and endpoints of the process, across changes of the configuration. Only discovery sources (static, DNS,
 * leases) call `setEndpoints`.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #services = new Map<string, Service>();
  readonly #leaving = new Map<Endpoint, Leaving>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * The service port, created on first use with `policy`. An existing one keeps its policy, because documents that are
   * being read are not in force yet and may be refused. `follow` puts a policy in force.
   */
  service(name: string, port: number, policy: BackendTrafficPolicy): Service {
    const id = serviceId(name, port);
    const known = this.#services.get(id);
    if (known !== undefined) return known;
    const made = new Service(name, port, policy);
    this.#services.set(id, made);
    return made;
  }

  /** Puts the policies of `documents` in force, for open and new connections. */
  follow(documents: readonly ServiceDocument[]): void {
    for (const { name, ports, policy } of documents) {
      for (const { port } of ports) {
        const service = this.service(name, port, policy);
        if (service.policy === policy) continue;
        service.policy = policy;
        for (const { connections } of service.endpoints) connections.follow(policy);
        for (const [endpoint, leaving] of this.#leaving) {
          if (leaving.service !== service) continue;
          endpoint.connections.follow(policy);
          leaving.cancelCut();
          const drainedMs = this.#options.clock.now() - leaving.sinceMs;
          leaving.cancelCut = this.#cutAfter(endpoint, Math.max(0, policy.discovery.drainMs - drainedMs));
        }
        this.#options.onPolicy?.(service);
      }
    }
  }

  find(name: string, port: number): Service | undefined {
    return this.#services.get(serviceId(name, port));
  }

  services(): Service[] {
    return [...this.#services.values()];
  }

  /**
   * Makes `addresses` the endpoints of `service`. Existing ones keep their connections and measurements; those that
   * have left are drained.
   */
  setEndpoints(service: Service, addresses: readonly EndpointAddress[]): void {
    const before = new Map(service.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    const added: string[] = [];
    const next = new Map<string, Endpoint>();
    for (const address of addresses) {
      const id = endpointId(address.host, address.port);
      if (next.has(id)) continue;
      const known = before.get(id);
      if (known !== undefined) {
        known.weight = address.weight ?? 1;
        next.set(id, known);
        continue;
      }
      added.push(id);
      const connections = this.#options.connect(address.host, address.port, service.policy);
      const endpoint = new Endpoint(service.name, address, connections, this.#options.clock.now());
      healthOf(endpoint).onRecovered(() => this.#options.onRecovered?.(service, endpoint));
      next.set(id, endpoint);
    }
    service.endpoints = [...next.values()];
    const removed = [...before.values()].filter((endpoint) => !next.has(endpoint.id));
    for (const endpoint of removed) this.#leave(service, endpoint);
    if (added.length > 0 || removed.length > 0) {
      this.#options.onChange?.({ service: service.id, added, removed: removed.map((endpoint) => endpoint.id) });
    }
    this.#options.onEndpoints?.(service);
  }

  /** Forgets the service ports that are in no document (ids as `service.id`). */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const service of this.services()) {
      if (ids.has(service.id)) continue;
      this.setEndpoints(service, []);
      this.#services.delete(service.id);
    }
  }

  /** Closes every connection and aborts requests in flight. */
  async close(): Promise<void> {
    const all = [...this.#leaving.keys(), ...this.services().flatMap((service) => service.endpoints)];
    await Promise.all(all.map((endpoint) => endpoint.connections.destroy()));
  }

  #leave(service: Service, endpoint: Endpoint): void {
    endpoint.draining = true;
    const cancelCut = this.#cutAfter(endpoint, service.policy.discovery.drainMs);
    const leaving: Leaving = { service, sinceMs: this.#options.clock.now(), cancelCut };
    this.#leaving.set(endpoint, leaving);
    void endpoint.connections.close().finally(() => {
      leaving.cancelCut();
      this.#leaving.delete(endpoint);
    });
  }

  #cutAfter(endpoint: Endpoint, delayMs: number): () => void {
    return this.#options.clock.after(delayMs, () => void endpoint.connections.destroy());
  }
}
