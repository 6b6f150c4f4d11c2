import type { Platform } from './platform.ts';
import { until } from './until.ts';

/** Long operation of the migration's worker, as it reports it. */
export interface Operation {
  verb: string;
  state: 'running' | 'done' | 'failed';
  result: unknown;
}

export interface MovingStatus {
  resource: string;
  owner: 'monolith' | 'service' | 'switching' | null;
  backfill: { doneAt: string | null } | null;
  open: number;
  parked: { count: number };
  operation: Operation | null;
  failure: string | null;
}

/** The token of a platform that was given none. */
const token = 'development-only-migration-token';

/** The migration's worker of a platform. */
export class Migrator {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Carries out an operation to its end. */
  async run(resource: string, verb: string, options: object = {}): Promise<Operation> {
    await until(`${resource} to be idle`, async () => (await this.#operation(resource))?.state !== 'running');
    await this.#send('POST', `/resources/${resource}/${verb}`, options);
    const ended: Operation[] = [];
    await until(
      `${verb} of ${resource} to end`,
      async () => {
        const operation = await this.#operation(resource);
        if (operation === null || operation.state === 'running') return false;
        ended.push(operation);
        return true;
      },
      { limitMs: 60_000 },
    );
    const [operation] = ended;
    if (!operation) throw new Error(`the worker has forgotten ${verb} of ${resource}`);
    return operation;
  }

  /** Makes a side the owner, and sends reads and writes there. @throws Error where that was undone, with the reason */
  async switchTo(resource: string, target: 'service' | 'monolith'): Promise<void> {
    const { state, result } = await this.run(resource, 'switch', { target });
    const { switched, reason } = (result ?? {}) as { switched?: boolean; reason?: string };
    if (state !== 'done' || !switched) throw new Error(`switch of ${resource} to the ${target}: ${reason ?? result}`);
  }

  /** Copies a resource. @throws Error with the reason why it was not */
  async backfill(resource: string): Promise<void> {
    const { state, result } = await this.run(resource, 'backfill');
    if (state !== 'done') throw new Error(`backfill of ${resource}: ${result}`);
  }

  /** Compares both sides. @throws Error where they differ */
  async mustBeEqual(resource: string, where: string): Promise<void> {
    const { state, result } = await this.run(resource, 'parity');
    const isClean = state === 'done' && (result as { clean: boolean }).clean;
    if (!isClean) throw new Error(`${where}, both sides of ${resource} differ: ${JSON.stringify(result)}`);
  }

  /** @throws Error with the reason why the follower does not have what the owner had at the call */
  async settle(resource: string): Promise<void> {
    await this.#send('POST', '/settle', { resources: [resource] });
  }

  /** Gives a service all the requests of a rule, such as `brands/reads`. */
  async shift(target: string, service: string): Promise<void> {
    const [route, rule] = target.split('/');
    const reply = await fetch(`${this.#platform.admin}/routes/${route}/rules/${rule}/weights`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ weights: { [service]: 100 }, who: 'test', why: 'a step of the test' }),
    });
    if (!reply.ok) throw new Error(`shift of ${target}: ${reply.status} ${await reply.text()}`);
  }

  /** Resolves when both sides have what was written before the call. */
  async settled(resource: string): Promise<void> {
    const url = this.#platform.stack.processes.migrator?.url;
    await until(`${resource} to settle`, async () => {
      const reply = await fetch(`${url}/settle`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resources: [resource] }),
      });
      return reply.status === 204;
    });
  }

  /** Begins an operation, and does not wait for its end. */
  async begin(resource: string, verb: string, options: object = {}): Promise<void> {
    await this.#send('POST', `/resources/${resource}/${verb}`, options);
  }

  /** What the worker says of a resource. */
  async status(resource: string): Promise<MovingStatus> {
    const { resources } = (await this.#send('GET', '/resources')) as { resources: MovingStatus[] };
    const found = resources.find((one) => one.resource === resource);
    if (!found) throw new Error(`the worker does not know ${resource}`);
    return found;
  }

  async #operation(resource: string): Promise<Operation | null> {
    return (await this.status(resource)).operation;
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const url = this.#platform.stack.processes.migrator?.url;
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.status === 204 ? undefined : reply.json();
  }
}
