import { BoundedMap } from '@banyan/kit/bounded-map';
import type { Clock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import type { Client } from '../domain.ts';

export interface ClientCacheOptions {
  /** One indexed look-up; null for a client that does not exist or was revoked. */
  load: (clientId: string) => Promise<Client | null>;
  now: Clock;
  /** A read client is used unasked for this long. */
  freshMs: number;
  /** When the store cannot be asked, what was last read is trusted for this long. */
  staleMs: number;
  entries: number;
}

interface Entry {
  client: Client | null;
  readAtMs: number;
  /** Something was announced since: ask the store before trusting it. */
  suspect: boolean;
}

/** After the store failed, it is left alone for this long by those who have something to fall back on. */
const leaveAloneMs = 1_000;

/**
 * The clients that this instance has seen. A change reaches it at once when it is announced, after `freshMs` when
 * the announcement is lost, and after `staleMs` when the store cannot be reached at all.
 */
export class ClientCache {
  readonly #options: ClientCacheOptions;
  readonly #known: BoundedMap<string, Entry>;
  /** Apart from the known ones, so that a flood of invented client ids cannot push these out. */
  readonly #unknown: BoundedMap<string, Entry>;
  readonly #loading = new Map<string, Promise<Client | null>>();
  #storeFailedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ClientCacheOptions) {
    this.#options = options;
    this.#known = new BoundedMap(options.entries);
    this.#unknown = new BoundedMap(Math.max(2, Math.floor(options.entries / 10)));
  }

  get size(): number {
    return this.#known.size;
  }

  /**
   * @returns the client itself when it is at hand, so that the usual request waits for nothing
   * @throws ServiceError `store_unavailable` when the store does not answer and nothing recent is known
   */
  get(clientId: string): Client | null | Promise<Client | null> {
    const entry = this.#known.get(clientId) ?? this.#unknown.get(clientId);
    if (entry) {
      const now = this.#options.now();
      if (!entry.suspect && now - entry.readAtMs < this.#options.freshMs) return entry.client;
      if (now - this.#storeFailedAtMs < leaveAloneMs && this.#mayFallBackOn(entry, now)) return entry.client;
    }
    return this.#load(clientId, entry);
  }

  /** Puts `after` in the place of `before`, unless something else has come there: the slow work may have taken a while. */
  replace(before: Client, after: Client): void {
    const entry = this.#known.get(before.clientId);
    if (entry?.client === before) entry.client = after;
  }

  /** A change was announced: of one client, or, with an empty id, of any. */
  changed(clientId: string): void {
    if (clientId === '') {
      for (const entry of [...this.#known.values(), ...this.#unknown.values()]) entry.suspect = true;
      this.#loading.clear();
      return;
    }
    for (const entry of [this.#known.get(clientId), this.#unknown.get(clientId)]) if (entry) entry.suspect = true;
    this.#loading.delete(clientId);
  }

  #mayFallBackOn(entry: Entry, now: number): boolean {
    return now - entry.readAtMs < this.#options.staleMs;
  }

  #load(clientId: string, entry: Entry | undefined): Promise<Client | null> {
    const underWay = this.#loading.get(clientId);
    if (underWay) return underWay;
    const mine: Promise<Client | null> = this.#ask(clientId, entry, () => this.#loading.get(clientId) === mine).finally(
      () => {
        if (this.#loading.get(clientId) === mine) this.#loading.delete(clientId);
      },
    );
    this.#loading.set(clientId, mine);
    return mine;
  }

  /** `current`: whether no change was announced while the store was being asked; else the answer may be too old to trust. */
  async #ask(clientId: string, entry: Entry | undefined, current: () => boolean): Promise<Client | null> {
    try {
      const client = await this.#options.load(clientId);
      this.#storeFailedAtMs = Number.NEGATIVE_INFINITY;
      if (current()) this.#keep(clientId, client);
      else if (client) this.#keepForLackOfBetter(clientId, client);
      return client;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'store_unavailable') throw error;
      const now = this.#options.now();
      this.#storeFailedAtMs = now;
      if (entry && this.#mayFallBackOn(entry, now)) return entry.client;
      throw error;
    }
  }

  /** What was read before a change is something to fall back on while the store is down: else the client is a stranger. */
  #keepForLackOfBetter(clientId: string, client: Client): void {
    if (this.#known.get(clientId) || this.#unknown.get(clientId)) return;
    this.#known.set(clientId, { client, readAtMs: this.#options.now(), suspect: true });
  }

  #keep(clientId: string, client: Client | null): void {
    const entry: Entry = { client, readAtMs: this.#options.now(), suspect: false };
    if (client) {
      this.#unknown.delete(clientId);
      this.#known.set(clientId, entry);
    } else {
      this.#known.delete(clientId);
      this.#unknown.set(clientId, entry);
    }
  }
}
