import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DevError, messageOf } from '../errors.ts';
import type { PreparedStore, StoreContext } from '../stores/driver.ts';
import { driverOf } from '../stores/drivers.ts';
import { privatePort } from '../topology/ports.ts';
import { isStore, type ServiceSpec } from '../topology/topology.ts';
import type { Emit } from './events.ts';

/** What all stores of a stack share. */
export type StoresContext = Omit<StoreContext, 'port' | 'freePort' | 'progress' | 'signal'> & { emit: Emit };

/** The stores of a stack: prepared, with their URLs and data. */
export class Stores {
  readonly #services: readonly ServiceSpec[];
  readonly #context: StoresContext;
  readonly #prepared = new Map<string, PreparedStore>();
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<string | null>>();
  readonly #private = new Set<number>();
  /** URLs by name: of the prepared stores, and from the beginning of those whose URL is given. */
  readonly urls = new Map<string, string>();

  constructor(services: readonly ServiceSpec[], context: StoresContext) {
    this.#services = services.filter(isStore);
    this.#context = context;
    // Also for a process that starts before its store is looked at, because it works without it.
    for (const { name, image } of this.#services) {
      const given = context.variables[`${driverOf(image)?.image.toUpperCase()}_URL`];
      if (given && URL.canParse(given)) this.urls.set(name, given);
    }
  }

  /**
   * Finds and prepares one store, and does not start it.
   * @param ports its ports of this machine, by the container's.
   * @returns why it is unavailable; null when it is prepared.
   */
  async prepare(service: ServiceSpec, ports: ReadonlyMap<number, number> = new Map()): Promise<string | null> {
    const work = this.#prepareOne(service, ports.values().next().value).then(() => null, messageOf);
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  async #prepareOne(service: ServiceSpec, port: number | undefined): Promise<void> {
    const driver = driverOf(service.image);
    if (driver === null) {
      throw new DevError(
        'store_unavailable',
        `nothing here can stand in for the image ${service.image}: use docker compose`,
      );
    }
    if (port === undefined) throw new DevError('bad_topology', `${service.name}: expose its port in the Compose file`);
    const progress = (text: string) => this.#context.emit({ event: 'preparing', process: service.name, text });
    const freePort = async (purpose: string) => {
      const found = await privatePort(`${this.#context.folder} ${service.name} ${purpose}`, this.#private);
      this.#private.add(found);
      return found;
    };
    const { signal } = this.#ending;
    const prepared = await driver.prepare(service, { ...this.#context, signal, port, freePort, progress });
    this.#prepared.set(service.name, prepared);
    this.urls.set(service.name, prepared.url);
  }

  /** Breaks off what is fetched, and waits until nothing is prepared any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#underWay);
  }

  get(name: string): PreparedStore | undefined {
    return this.#prepared.get(name);
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
