import type { Platform } from './platform.ts';
import { until } from './until.ts';

interface CounterFamily {
  name: string;
  series: { labels: Record<string, string>; value: number }[];
}

/** The token of a platform that was given none. */
const leaseToken = 'development-only-lease-token';
/** A lease lasts 15 s. */
const renewMs = 2_000;

/** What a platform's mesh says at its admin port. */
export class MeshPort {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Addresses of the instances of a service that requests go to: `http://host:port`. */
  async instances(service: string): Promise<string[]> {
    const { services } = (await this.#get('/endpoints')) as {
      services: { service: string; endpoints: { endpoint: string; health: { state: string } }[] }[];
    };
    const found = services.filter((one) => one.service === service).flatMap(({ endpoints }) => endpoints);
    return found.filter(({ health }) => health.state !== 'unhealthy').map(({ endpoint }) => `http://${endpoint}`);
  }

  /** Registers an address as an instance of a service, until the test ends. */
  async lease(service: string, port: number): Promise<void> {
    await this.#lease(service, port);
    setInterval(() => void this.#lease(service, port).catch(() => {}), renewMs).unref();
  }

  /** Resolves when reads of a resource go by the weights of their own rule again. */
  async settled(resource: string): Promise<void> {
    await until(`the mesh to find ${resource} settled`, async () => {
      const { settles } = (await this.#get('/settles')) as {
        settles: { resources: string[]; settled: boolean; failing: string | null }[];
      };
      const found = settles.filter(({ resources }) => resources.includes(resource));
      return found.length > 0 && found.every(({ settled, failing }) => settled && failing === null);
    });
  }

  /** How often settling behind a request of a route ended so: `settled`, `late`, `failed`, `not_held`. */
  async settles(route: string, outcome: string): Promise<number> {
    const { counters } = (await this.#get('/metrics.json')) as { counters: CounterFamily[] };
    const series = counters.find(({ name }) => name === 'mesh_settles_total')?.series ?? [];
    return series
      .filter(({ labels }) => labels.route === route && labels.when === 'after' && labels.outcome === outcome)
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** How many requests wait in the hold of a rule. */
  async waiting(route: string, rule: string): Promise<number> {
    return ((await this.#get(`/routes/${route}/rules/${rule}/hold`)) as { waiting: number }).waiting;
  }

  async #lease(service: string, port: number): Promise<void> {
    const reply = await fetch(`${this.#platform.admin}/leases/${service}/test-${port}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${leaseToken}` },
      body: JSON.stringify({ address: '127.0.0.1', port }),
    });
    if (!reply.ok) throw new Error(`lease of ${service}: ${reply.status} ${await reply.text()}`);
  }

  async #get(path: string): Promise<unknown> {
    const reply = await fetch(this.#platform.admin + path);
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  }
}
