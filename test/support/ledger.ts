import type { Kind } from './kinds/kind.ts';
import type { Asked, Shop, Shown } from './shop.ts';

/** An acknowledged write, in monotonic ms. */
interface Acknowledged {
  begunMs: number;
  endedMs: number;
}

/** What may be true of an entity; null: it does not exist. */
interface Entity {
  /** The value of the last acknowledged write. */
  last: number | null;
  /** Values of writes of unknown outcome: each may have happened, or may happen later. */
  maybe: Set<number | null>;
}

export interface LedgerOptions {
  shop: Shop;
  kind: Kind;
  /** Processes and stores die meanwhile: a write may fail with a status from 500 on, or get no reply. */
  tolerant?: boolean;
}

/** Changes of an entity before its client makes another one. */
const changes = 3;
const faultsMax = 10;

/**
 * Clients that write one resource and read back what they wrote, with a ledger of every acknowledged write. Each client
 * has entities of its own, so that it knows what it has to read. After a write of unknown outcome it leaves the entity
 * alone, where there may be many.
 */
export class Ledger {
  readonly #shop: Shop;
  readonly #kind: Kind;
  readonly #tolerant: boolean;
  readonly #entities = new Map<string, Entity>();
  /** Requests that failed, and replies that contradict what was acknowledged. */
  readonly faults: string[] = [];
  readonly acknowledged: Acknowledged[] = [];
  /** Writes of unknown outcome. */
  unknown = 0;

  constructor({ shop, kind, tolerant = false }: LedgerOptions) {
    this.#shop = shop;
    this.#kind = kind;
    this.#tolerant = tolerant;
  }

  get resource(): string {
    return this.#kind.resource;
  }

  /** One client, until `going` says no. */
  async write(client: number, going: () => boolean): Promise<void> {
    const { lasting, single } = this.#kind;
    if (single && client > 0) return;
    for (let round = 0; this.#goesOn(going); round += 1) {
      const unique = this.#kind.unique(client, round);
      const path = await this.#create(unique);
      if (path === null) continue;
      await this.#waitForEnd(unique, path, going);
      for (let value = 2; lasting ? this.#goesOn(going) : value <= changes + 1; value += 1) {
        const isKnown = await this.#change(unique, this.#kind.change(path, value), value);
        if (isKnown === null || !(isKnown || lasting)) break;
        await this.#read(unique, path);
      }
      const isKnown = (this.#entities.get(unique)?.maybe.size ?? 0) === 0;
      if (lasting || !isKnown || round % 3 !== 0) continue;
      await this.#change(unique, this.#kind.remove(path), null);
      await this.#read(unique, path);
    }
  }

  /** Compares what is shown with what may be true. Returns what is lost, and what is there twice. */
  async compare(shop = this.#shop): Promise<string[]> {
    const found = Map.groupBy(await this.#kind.find(shop, [...this.#entities.keys()]), ({ unique }) => unique);
    return [...this.#entities].flatMap(([unique, entity]) => {
      const [first, ...twins] = found.get(unique) ?? [];
      if (twins.length > 0) return [`${this.resource}: ${unique} is there ${twins.length + 1} times`];
      return this.#contradiction(unique, entity, first?.value ?? null) ?? [];
    });
  }

  /** The longest time in ms that no write was acknowledged for, within a part of the run. */
  longestPauseMs(fromMs: number, toMs: number): number {
    const ends = this.acknowledged.map(({ endedMs }) => endedMs).filter((ms) => ms > fromMs && ms < toMs);
    let last = fromMs;
    let longest = 0;
    for (const ms of [...ends, toMs]) {
      longest = Math.max(longest, ms - last);
      last = ms;
    }
    return longest;
  }

  #goesOn(going: () => boolean): boolean {
    return going() && this.faults.length < faultsMax;
  }

  /** Its path; null when it is not known whether it exists. */
  async #create(unique: string): Promise<string | null> {
    const entity: Entity = { last: null, maybe: new Set() };
    this.#entities.set(unique, entity);
    const reply = await this.#send(this.#kind.create(unique, 1));
    if (reply === null) {
      entity.maybe.add(1);
      return null;
    }
    entity.last = 1;
    const path = this.#kind.pathOf(unique, reply);
    await this.#read(unique, path);
    return path;
  }

  /** As clients do: without this they would begin more work than one process can end. */
  async #waitForEnd(unique: string, path: string, going: () => boolean): Promise<void> {
    const { hasEnded, read } = this.#kind;
    while (hasEnded && this.#goesOn(going)) {
      if (hasEnded(await this.#shop.send(read(unique, path)))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Whether it was acknowledged; null: the API cannot do that. */
  async #change(unique: string, asked: Asked | null, value: number | null): Promise<boolean | null> {
    const entity = this.#entities.get(unique);
    if (asked === null || entity === undefined) return null;
    const isDone = (await this.#send(asked)) !== null;
    if (isDone) entity.last = value;
    else entity.maybe.add(value);
    return isDone;
  }

  async #read(unique: string, path: string): Promise<void> {
    const reply = await this.#shop.send(this.#kind.read(unique, path));
    const entity = this.#entities.get(unique);
    if (reply.status === 200 || reply.status === 404) {
      const contradiction = entity && this.#contradiction(unique, entity, this.#kind.valueIn(unique, reply));
      if (contradiction) this.faults.push(`read, ${contradiction}`);
    } else if (!this.#isOutage(reply)) this.#fault('read', reply);
  }

  #contradiction(unique: string, { last, maybe }: Entity, value: number | null): string | null {
    if (value === last || maybe.has(value)) return null;
    return `${this.resource}: ${unique} is ${value}, not ${[last, ...maybe].join(' or ')}`;
  }

  /** An acknowledged write; null: its outcome is unknown. */
  async #send(asked: Asked): Promise<Shown | null> {
    const begunMs = performance.now();
    const reply = await this.#shop.send(asked);
    if (reply.status >= 200 && reply.status < 300) {
      this.acknowledged.push({ begunMs, endedMs: performance.now() });
      return reply;
    }
    this.unknown += 1;
    if (!this.#isOutage(reply)) this.#fault(`${asked.method} ${asked.path}`, reply);
    // Clients of a platform that is away must not keep the machine busy.
    else await new Promise((resolve) => setTimeout(resolve, 20));
    return null;
  }

  #isOutage({ status }: Shown): boolean {
    return this.#tolerant && (status === 0 || status >= 500);
  }

  #fault(what: string, { status, body }: Shown): void {
    this.faults.push(`${what}: ${status} ${JSON.stringify(body)?.slice(0, 300)}`);
  }
}
