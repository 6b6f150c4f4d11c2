import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DevError, messageOf } from '../errors.ts';
import type { PreparedStore, StoreContext } from '../stores/driver.ts';
import { driverOf } from '../stores/drivers.ts';
import { isStore, type ServiceSpec } from '../topology/topology.ts';

/** The stores of a stack: prepared, with their URLs and data. */
export class Stores {
  readonly #services: readonly ServiceSpec[];
  readonly #context: Omit<StoreContext, 'port'>;
  readonly #prepared = new Map<string, PreparedStore>();

  constructor(services: readonly ServiceSpec[], context: Omit<StoreContext, 'port'>) {
    this.#services = services.filter(isStore);
    this.#context = context;
  }

  /**
   * Prepares every store and starts none.
   * @returns why, for each store that is unavailable.
   */
  async prepare(ports: ReadonlyMap<string, ReadonlyMap<number, number>>): Promise<Map<string, string>> {
    const unavailable = new Map<string, string>();
    await Promise.all(
      this.#services.map(async (service) => {
        try {
          const port = ports.get(service.name)?.values().next().value;
          this.#prepared.set(service.name, await this.#prepareOne(service, port));
        } catch (error) {
          unavailable.set(service.name, messageOf(error));
        }
      }),
    );
    return unavailable;
  }

  async #prepareOne(service: ServiceSpec, port: number | undefined): Promise<PreparedStore> {
    const driver = driverOf(service.image);
    if (driver === null) {
      throw new DevError(
        'store_unavailable',
        `nothing here can stand in for the image ${service.image}: use docker compose`,
      );
    }
    if (port === undefined) throw new DevError('bad_topology', `${service.name}: expose its port in the Compose file`);
    return driver.prepare(service, { ...this.#context, port });
  }

  get(name: string): PreparedStore | undefined {
    return this.#prepared.get(name);
  }

  /** URLs of the prepared stores by name. */
  get urls(): Map<string, string> {
    return new Map([...this.#prepared].map(([name, { url }]) => [name, url]));
  }

  /** @throws DevError not_running: when the stack has no PostgreSQL server. */
  get postgresUrl(): string {
    const service = this.#services.find(({ image }) => driverOf(image)?.image === 'postgres');
    const store = service && this.#prepared.get(service.name);
    if (store === undefined) throw new DevError('not_running', 'this stack has no PostgreSQL server');
    return store.url;
  }

  /** Deletes data outside the stack's folder; such a folder was made for this stack. */
  deleteOutsideData(): void {
    for (const { data } of this.#prepared.values()) {
      if (data !== null && !data.startsWith(this.#context.folder))
        rmSync(dirname(data), { recursive: true, force: true });
    }
  }
}
