import { BoundedMap } from '@banyan/kit/bounded-map';
import type { Clock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import type { Client } from '../domain.ts';

export interface ClientCacheOptions {
  /** One indexed look-up. Null for a client that does not exist or was revoked. */
  load: (clientId: string) => Promise<Client | null>;
  now: Clock;
  /** A client is used for this long without reading the store. */
  freshMs: number;
  /** While the store is down, a cached client is used for this long. */
  staleMs: number;
  entries: number;
}

interface Entry {
  client: Client | null;
  readAtMs: number;
  /** A change was announced after the read, so the store must be read before the entry is used. */
  suspect: boolean;
}

/** After a failure of the store, callers with a cached client do not read the store for this long. */
const storePauseMs = 1_000;

/**
 * The clients that this instance has seen. A change takes effect at once when it is announced, after `freshMs` when the
 * announcement is lost, and after `staleMs` when the store is down.
 */
export class ClientCache {
  readonly #options: ClientCacheOptions;
  readonly #known: BoundedMap<string, Entry>;
  /** Separate from the known clients, so that a flood of invented ids cannot evict them. */
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
   * @returns the client itself, not a promise, when it is cached, so that the usual request does not wait
   * @throws ServiceError `store_unavailable` when the store does not respond and nothing recent is cached
   */
  get(clientId: string): Client | null | Promise<Client | null> {
    const entry = this.#known.get(clientId) ?? this.#unknown.get(clientId);
    if (entry) {
      const nowMs = this.#options.now();
      if (!entry.suspect && nowMs - entry.readAtMs < this.#options.freshMs) return entry.client;
      if (nowMs - this.#storeFailedAtMs < storePauseMs && this.#mayFallBackOn(entry, nowMs)) return entry.client;
    }
    return this.#load(clientId, entry);
  }

  /** Replaces `before` by `after`, unless the entry has changed meanwhile: the caller's work may have taken a while. */
  replace(before: Client, after: Client): void {
    const entry = this.#known.get(before.clientId);
    if (entry?.client === before) entry.client = after;
  }

  /** Handles the announcement of a change to one client, or to any client if the id is empty. */
  changed(clientId: string): void {
    if (clientId === '') {
      for (const entry of [...this.#known.values(), ...this.#unknown.values()]) entry.suspect = true;
      this.#loading.clear();
      return;
    }
    for (const entry of [this.#known.get(clientId), this.#unknown.get(clientId)]) if (entry) entry.suspect = true;
    this.#loading.delete(clientId);
  }

  #mayFallBackOn(entry: Entry, nowMs: number): boolean {
    return nowMs - entry.readAtMs < this.#options.staleMs;
  }

  #load(clientId: string, entry: Entry | undefined): Promise<Client | null> {
    const underWay = this.#loading.get(clientId);
    if (underWay) return underWay;
    const mine: Promise<Client | null> = this.#read(
      clientId,
      entry,
      () => this.#loading.get(clientId) === mine,
    ).finally(() => {
      if (this.#loading.get(clientId) === mine) this.#loading.delete(clientId);
    });
    this.#loading.set(clientId, mine);
    return mine;
  }

  /** @param current whether no change was announced during the read; otherwise the result may already be out of date */
  async #read(clientId: string, entry: Entry | undefined, current: () => boolean): Promise<Client | null> {
    try {
      const client = await this.#options.load(clientId);
      this.#storeFailedAtMs = Number.NEGATIVE_INFINITY;
      if (current()) this.#keep(clientId, client);
      else if (client) this.#keepAsSuspect(clientId, client);
      return client;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'store_unavailable') throw error;
      const nowMs = this.#options.now();
      this.#storeFailedAtMs = nowMs;
      if (entry && this.#mayFallBackOn(entry, nowMs)) return entry.client;
      throw error;
    }
  }

  /** Caches a client that may be out of date. Without it, the client would be unknown if the store goes down now. */
  #keepAsSuspect(clientId: string, client: Client): void {
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
