import type { Logger } from '@banyan/kit/log';
import type { Client } from 'pg';
import { connect } from '../monolith/database.ts';
import { Relay, type Send } from '../relay/relay.ts';

/** The one relay and its connection, which is opened again when it was lost. */
export class RelayConnection {
  readonly #url: string;
  readonly #send: Send;
  readonly #logger: Logger;
  #relay: Promise<Relay> | null = null;
  #client: Client | null = null;
  #closed = false;

  constructor(url: string, send: Send, logger: Logger) {
    this.#url = url;
    this.#send = send;
    this.#logger = logger;
  }

  /** @throws MigrationError `second_relay` while another worker has the relay */
  get(): Promise<Relay> {
    if (this.#closed) return Promise.reject(new Error('the worker is closing'));
    this.#relay ??= this.#open();
    return this.#relay;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => {});
  }

  #open(): Promise<Relay> {
    // What ends late says nothing about the connection that has taken its place, and which holds the lock.
    const forget = () => {
      if (this.#relay === opening) this.#relay = null;
    };
    const opening = this.#connect(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    return opening;
  }

  async #connect(onLost: () => void): Promise<Relay> {
    const client = await connect(this.#url, (error) => {
      if (!this.#closed) this.#logger.warn({ err: error }, 'the relay lost its connection to the monolith');
      onLost();
    });
    this.#client = client;
    try {
      if (this.#closed) throw new Error('the worker is closing');
      return await Relay.open(client, this.#send);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }
}
