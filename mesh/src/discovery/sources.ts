import type { MeshConfig } from '../config/model.ts';
import type { DiscoveryOptions } from './discovery-options.ts';
import { PortWatch } from './port-watch.ts';

export type { DiscoveryOptions } from './discovery-options.ts';

/** Keeps the endpoints of a configuration up to date, until stopped. */
export interface Discovery {
  /** Resolves when every service has been looked up once, successfully or not; after `firstLookMs` at the latest. */
  ready: Promise<void>;
  /** Follows new documents. Watches of unchanged services continue. */
  update(config: MeshConfig): void;
  stop(): void;
}

/**
 * The longest that a start waits for names, in ms; less if the service has a shorter connect timeout
 * (`timeouts.connect`). After that, requests to a service whose name is not resolved get 503, and all other services
 * work.
 */
const firstLookMs = 1_000;

/**
 * Fills the registry with the endpoints of `config`: static ones at once; host names by DNS, again after `dnsTtlMs` or
 * when their TTL ends; and registered instances. It checks their health. A name that cannot be resolved keeps its
 * endpoints, also when the configuration changes, because an outage of DNS is not an outage of the service.
 */
export function discover(config: MeshConfig, options: DiscoveryOptions): Discovery {
  const { registry, leases, clock, log } = options;
  const watches = new Map<string, PortWatch>();
  const update = ({ services }: MeshConfig) => {
    leases.setTerms(services);
    const named = new Set<string>();
    for (const document of services) {
      for (const { port, targetPort } of document.ports) {
        const service = registry.service(document.name, port, document.policy);
        named.add(service.id);
        const watch = watches.get(service.id) ?? new PortWatch(service, port, options);
        watches.set(service.id, watch);
        watch.update(document, targetPort);
      }
    }
    for (const [id, watch] of watches) {
      if (named.has(id)) continue;
      watch.stop();
      watches.delete(id);
    }
  };
  update(config);

  const firstLooks = config.services.map(({ name, ports, policy }) => {
    const limitMs = Math.min(firstLookMs, policy.timeouts.connectMs);
    return new Promise<void>((resolve) => {
      const cancel = clock.after(limitMs, () => {
        log.warn({ service: name, limitMs }, 'host name not resolved in time: the start goes on without it');
        resolve();
      });
      const looks = ports.map(({ port }) => watches.get(`${name}:${port}`)?.looked());
      void Promise.all(looks).then(() => {
        cancel();
        resolve();
      });
    });
  });
  return {
    ready: Promise.all(firstLooks).then(() => undefined),
    update,
    stop: () => {
      for (const watch of watches.values()) watch.stop();
    },
  };
}
