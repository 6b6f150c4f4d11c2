import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import type { MeshConfig, Service as ServiceDocument } from '../config/model.ts';
import type { Log } from '../layers/parts.ts';
import type { EndpointAddress } from './endpoint.ts';
import type { Registry } from './registry.ts';

/** Resolves a host name to addresses. */
export type Resolve = (host: string) => Promise<string[]>;

export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** What keeps the endpoints of one configuration up to date, until it is stopped. */
export interface Discovery {
  /** Resolves when every service has been looked up once, found or not. */
  ready: Promise<void>;
  stop(): void;
}

export interface DiscoveryOptions {
  registry: Registry;
  clock: Clock;
  log: Log;
  resolve: Resolve;
}

/**
 * Fills the registry with the endpoints that `config` names: static ones at once, host names by DNS, again after
 * `dnsTtlMs`. A name that cannot be resolved keeps the endpoints it had: an outage of DNS is not one of the service.
 */
export function discover(config: MeshConfig, options: DiscoveryOptions): Discovery {
  const stops: (() => void)[] = [];
  const first: Promise<void>[] = [];
  for (const service of config.services) {
    for (const { port, targetPort } of service.ports) {
      const target = options.registry.service(service.name, port, service.policy);
      const fixed = staticAddresses(service, port, targetPort);
      if (fixed !== null) {
        options.registry.setEndpoints(target, fixed);
        continue;
      }
      const names = namesOf(service, port, targetPort);
      const watcher = watchNames(names, service.policy.discovery.dnsTtlMs, options, (addresses) =>
        options.registry.setEndpoints(target, addresses),
      );
      first.push(watcher.ready);
      stops.push(watcher.stop);
    }
  }
  return {
    ready: Promise.all(first).then(() => undefined),
    stop: () => {
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

function watchNames(
  names: readonly EndpointAddress[],
  ttlMs: number,
  { clock, log, resolve }: DiscoveryOptions,
  onAddresses: (addresses: EndpointAddress[]) => void,
): Discovery {
  let stopped = false;
  let cancelNext = () => {};
  const known = new Map<string, string[]>();
  const look = async () => {
    await Promise.all(
      names.map(async ({ host }) => {
        if (isIP(host) !== 0) {
          known.set(host, [host]);
          return;
        }
        try {
          // Sorted, so that the order of a round-robin DNS answer is not taken for a change.
          known.set(host, (await resolve(host)).sort());
        } catch (thrown) {
          log.warn({ host, reason: (thrown as { code?: string }).code ?? 'unknown' }, 'host name not resolved');
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
    cancelNext = clock.after(ttlMs, () => void look());
  };
  return {
    ready: look(),
    stop: () => {
      stopped = true;
      cancelNext();
    },
  };
}
