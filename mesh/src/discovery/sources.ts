import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import type { MeshConfig, Service as ServiceDocument } from '../config/model.ts';
import type { Log } from '../layers/parts.ts';
import type { Resolve } from './dns.ts';
import type { EndpointAddress } from './endpoint.ts';
import { checkHealth, type HealthChange } from './health-check.ts';
import type { Leases } from './leases.ts';
import type { Probe } from './probe.ts';
import type { Registry } from './registry.ts';
import type { Service } from './service.ts';

/** What keeps the endpoints of one configuration up to date, until it is stopped. */
export interface Discovery {
  /** Resolves when every service has been looked up once, found or not. */
  ready: Promise<void>;
  stop(): void;
}

export interface DiscoveryOptions {
  registry: Registry;
  leases: Leases;
  clock: Clock;
  log: Log;
  resolve: Resolve;
  probe: Probe;
  onHealth?: (change: HealthChange) => void;
}

/**
 * Fills the registry with the endpoints that `config` names: static ones at once, host names by DNS, again after
 * `dnsTtlMs` or when their records say so, and with the instances that have registered themselves; and checks their
 * health. A name that cannot be resolved keeps the endpoints it had, through changes of the configuration too: an outage
 * of DNS is not one of the service.
 */
export function discover(config: MeshConfig, options: DiscoveryOptions): Discovery {
  const watchers: Discovery[] = [];
  options.leases.setTerms(config.services);
  for (const service of config.services) {
    for (const { port, targetPort } of service.ports) {
      watchers.push(discoverPort(service, port, targetPort, options));
    }
  }
  return {
    ready: Promise.all(watchers.map(({ ready }) => ready)).then(() => undefined),
    stop: () => {
      for (const { stop } of watchers) stop();
    },
  };
}

function discoverPort(
  document: ServiceDocument,
  port: number,
  targetPort: number,
  options: DiscoveryOptions,
): Discovery {
  const { registry, leases, log } = options;
  const service = registry.service(document.name, port, document.policy);
  let documented = staticAddresses(document, port, targetPort);
  const merge = () => {
    // Before the first look nothing is known, and what was known before must not be dropped for that.
    if (documented === null) return;
    const leased = leases.list(document.name).filter((lease) => lease.servicePort === port);
    // Where both name one address, the documents say its weight.
    registry.setEndpoints(service, [...documented, ...leased]);
  };
  const stops = [leases.watch(document.name, merge)];
  let ready = Promise.resolve();
  if (documented === null) {
    const names = namesOf(document, port, targetPort);
    const watcher = watchNames(service, names, options, (addresses) => {
      documented = addresses;
      merge();
    });
    ready = watcher.ready;
    stops.push(watcher.stop);
  } else merge();

  let stopped = false;
  void ready.then(() => {
    if (stopped) return;
    const onHealth = (change: HealthChange) => {
      if (change.health === 'unhealthy') log.warn(change, 'endpoint unhealthy');
      else log.info(change, 'endpoint healthy');
      options.onHealth?.(change);
    };
    stops.push(checkHealth(service, { ...options, onHealth }));
  });
  return {
    ready,
    stop: () => {
      stopped = true;
      for (const stop of stops) stop();
    },
  };
}

/** The addresses that need no lookup, or null where a name is among them. */
function staticAddresses(service: ServiceDocument, port: number, targetPort: number): EndpointAddress[] | null {
  const { externalName } = service;
  if (externalName !== undefined) return isIP(externalName) === 0 ? null : [{ host: externalName, port: targetPort }];
  const own = service.endpoints.filter((endpoint) => endpoint.servicePort === port && endpoint.ready);
  if (own.some(({ addressType }) => addressType === 'FQDN')) return null;
  return own.map((endpoint) => ({ host: endpoint.address, port: endpoint.port, weight: endpoint.weight }));
}

function namesOf(service: ServiceDocument, port: number, targetPort: number): EndpointAddress[] {
  if (service.externalName !== undefined) return [{ host: service.externalName, port: targetPort }];
  return service.endpoints
    .filter((endpoint) => endpoint.servicePort === port && endpoint.ready)
    .map((endpoint) => ({ host: endpoint.address, port: endpoint.port, weight: endpoint.weight }));
}

const addressesKey = Symbol('DNS');

/** What records say is followed within this: some say 0, and a mistake of days must not outlive its correction by days. */
const recordTtlMs = { min: 1_000, max: 3_600_000 };

function watchNames(
  service: Service,
  names: readonly EndpointAddress[],
  { clock, log, resolve }: DiscoveryOptions,
  onAddresses: (addresses: EndpointAddress[]) => void,
): Discovery {
  let stopped = false;
  let cancelNext = () => {};
  // Kept with the service: the next configuration must not begin by forgetting what DNS last said.
  const known = service.stateOf(addressesKey, () => new Map<string, string[]>());
  for (const host of known.keys()) if (!names.some((name) => name.host === host)) known.delete(host);
  const look = async () => {
    const { dnsTtlMs, respectDnsTtl } = service.policy.discovery;
    const holdMs = await Promise.all(
      names.map(async ({ host }) => {
        if (isIP(host) !== 0) {
          known.set(host, [host]);
          return recordTtlMs.max;
        }
        try {
          // Sorted, so that the order of a round-robin DNS answer is not taken for a change.
          const { addresses, ttlMs } = await resolve(host, { respectTtl: respectDnsTtl });
          known.set(host, addresses.sort());
          return ttlMs === undefined ? dnsTtlMs : Math.min(recordTtlMs.max, Math.max(recordTtlMs.min, ttlMs));
        } catch (thrown) {
          log.warn({ host, reason: (thrown as { code?: string }).code ?? 'unknown' }, 'host name not resolved');
          return dnsTtlMs;
        }
      }),
    );
    if (stopped) return;
    onAddresses(
      names.flatMap(({ host, port, weight }) =>
        (known.get(host) ?? []).map((address) => ({
          host: address,
          port,
          ...(weight === undefined ? {} : { weight }),
        })),
      ),
    );
    cancelNext = clock.after(Math.min(...holdMs), () => void look());
  };
  return {
    ready: look(),
    stop: () => {
      stopped = true;
      cancelNext();
    },
  };
}
