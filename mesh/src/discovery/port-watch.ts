import { isIP } from 'node:net';
import type { Service as ServiceDocument } from '../config/model.ts';
import type { DiscoveryOptions } from './discovery-options.ts';
import type { EndpointAddress } from './endpoint.ts';
import { checkHealth, type HealthChange } from './health-check.ts';
import { NameWatch } from './name-watch.ts';
import type { Service } from './service.ts';

const addressesKey = Symbol('DNS');

/**
 * Keeps the endpoints of one port of a service, and their health, up to date. New documents restart only what they
 * change: new addresses keep health checks and look-ups running, and a new health check keeps look-ups running.
 */
export class PortWatch {
  readonly #service: Service;
  readonly #options: DiscoveryOptions;
  readonly #port: number;
  readonly #names = new Map<string, NameWatch>();
  /** Kept with the service, so that another discovery over the same registry keeps the last DNS result. */
  readonly #known: Map<string, string[]>;
  readonly #stopLeases: () => void;
  #stopChecks: (() => void) | null = null;
  #addresses: EndpointAddress[] = [];
  /** The last endpoints of the documents, kept while new names are looked up for the first time. */
  #documented: EndpointAddress[] = [];
  /** The last documents of this watch, in a comparable form. */
  #told = { addresses: '', lookups: '', checks: '' };

  constructor(service: Service, port: number, options: DiscoveryOptions) {
    this.#service = service;
    this.#options = options;
    this.#port = port;
    this.#known = service.stateOf(addressesKey, () => new Map<string, string[]>());
    this.#stopLeases = options.leases.watch(service.name, () => this.#merge());
  }

  /** Follows the service as in `document`, whose policy is already in force. */
  update(document: ServiceDocument, targetPort: number): void {
    const { discovery, healthCheck } = document.policy;
    const { dnsTtlMs, respectDnsTtl } = discovery;
    const addresses = addressesOf(document, this.#port, targetPort);
    const before = this.#told;
    this.#told = {
      addresses: JSON.stringify(addresses),
      lookups: JSON.stringify([dnsTtlMs, respectDnsTtl]),
      checks: JSON.stringify(healthCheck ?? null),
    };
    if (before.checks !== '' && before.checks !== this.#told.checks) this.#check();
    if (before.lookups !== '' && before.lookups !== this.#told.lookups) {
      for (const name of this.#names.values()) name.again();
    }
    if (before.addresses === this.#told.addresses) return;
    this.#addresses = addresses;
    this.#followNames();
    this.#merge();
  }

  /** Resolves when every name has been looked up once, successfully or not. */
  async looked(): Promise<void> {
    await Promise.all([...this.#names.values()].map(({ looked }) => looked));
  }

  stop(): void {
    this.#stopLeases();
    this.#stopChecks?.();
    for (const name of this.#names.values()) name.stop();
  }

  #followNames(): void {
    const hosts = new Set(this.#addresses.map(({ host }) => host).filter((host) => isIP(host) === 0));
    for (const host of this.#known.keys()) if (!hosts.has(host)) this.#known.delete(host);
    for (const [host, watch] of this.#names) {
      if (hosts.has(host)) continue;
      watch.stop();
      this.#names.delete(host);
    }
    for (const host of hosts) {
      if (this.#names.has(host)) continue;
      const watch = new NameWatch(host, this.#service, this.#options, (addresses) => {
        this.#known.set(host, addresses);
        this.#merge();
      });
      this.#names.set(host, watch);
      // A name without addresses also ends the first look-up.
      void watch.looked.then(() => {
        if (this.#names.get(host) === watch && !this.#known.has(host)) this.#merge();
      });
    }
  }

  #merge(): void {
    const found = this.#addresses.flatMap((address) =>
      isIP(address.host) !== 0
        ? [address]
        : (this.#known.get(address.host) ?? []).map((host) => ({ ...address, host })),
    );
    const pending = [...this.#names.values()].some(({ over }) => !over);
    // Before the first look-up nothing is known, so the earlier endpoints stay.
    if (found.length > 0 || !pending) this.#documented = found;
    const leased = this.#options.leases.list(this.#service.name).filter((lease) => lease.servicePort === this.#port);
    if (pending && this.#documented.length === 0 && leased.length === 0) return;
    // If the documents and a name have the same address, the documents set its weight.
    this.#options.registry.setEndpoints(this.#service, [...this.#documented, ...leased]);
    if (this.#stopChecks === null) this.#check();
  }

  #check(): void {
    this.#stopChecks?.();
    const { log, onHealth } = this.#options;
    this.#stopChecks = checkHealth(this.#service, {
      ...this.#options,
      onHealth: (change: HealthChange) => {
        if (change.health === 'unhealthy') log.warn(change, 'endpoint unhealthy');
        else log.info(change, 'endpoint healthy');
        onHealth?.(change);
      },
    });
  }
}

/** The addresses of this port in the documents: IP addresses, and names to look up. */
function addressesOf(service: ServiceDocument, port: number, targetPort: number): EndpointAddress[] {
  if (service.externalName !== undefined) return [{ host: service.externalName, port: targetPort }];
  return service.endpoints
    .filter((endpoint) => endpoint.servicePort === port && endpoint.ready)
    .map((endpoint) => ({ host: endpoint.address, port: endpoint.port, weight: endpoint.weight }));
}
