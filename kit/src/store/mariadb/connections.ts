import { type Connection, type ConnectionConfig, createConnection } from 'mariadb';
import { storeError, unavailableBecause } from './errors.ts';

export interface ConnectionsOptions {
  config: ConnectionConfig;
  maxConnections: number;
  /** How long a caller waits for a connection that another one gives back. */
  waitMs: number;
  /** Called when an idle connection dies. */
  onIdleError: (error: Error) => void;
}

/**
 * A pool. The driver's own pool waits up to ten seconds before it tries a store again that was down, and lets its
 * callers wait meanwhile; this one connects for the caller, and fails at once with what the store said.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #idle: Connection[] = [];
  readonly #waiting: { take: (connection: Connection) => void; connect: () => void }[] = [];
  /** Also counts those that are being made. */
  #open = 0;
  readonly #made = new Set<Connection>();
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Takes a connection. Give it back with `release`. */
  async acquire(): Promise<Connection> {
    if (this.#closed) throw unavailableBecause(new Error('the store is closed'));
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isValid()) return idle;
    }
    if (this.#open < this.#options.maxConnections) return this.#connect();
    return this.#wait();
  }

  /** @param usable false if the connection may still be inside a transaction: it is thrown away */
  release(connection: Connection, usable: boolean): void {
    if (!usable || !connection.isValid()) {
      this.#leave(connection);
      connection.destroy();
    } else if (this.#closed) {
      void this.#end(connection);
    } else {
      const next = this.#waiting.shift();
      if (next) next.take(connection);
      else this.#idle.push(connection);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.splice(0).map((connection) => this.#end(connection)));
  }

  async #end(connection: Connection): Promise<void> {
    this.#leave(connection);
    await connection.end().catch(() => {});
  }

  async #connect(): Promise<Connection> {
    this.#open += 1;
    try {
      const connection = await createConnection(this.#options.config);
      this.#made.add(connection);
      // The server may end a connection at any time, also between two statements of a transaction. Without a listener
      // that would end the process.
      connection.on('error', (error) => {
        this.#leave(connection);
        const place = this.#idle.indexOf(connection);
        if (place < 0) return;
        this.#idle.splice(place, 1);
        this.#options.onIdleError(error);
      });
      return connection;
    } catch (error) {
      this.#free();
      throw storeError(error);
    }
  }

  #leave(connection: Connection): void {
    if (this.#made.delete(connection)) this.#free();
  }

  #free(): void {
    this.#open -= 1;
    this.#waiting.shift()?.connect();
  }

  #wait(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const leaveQueue = () => {
        clearTimeout(timer);
        const place = this.#waiting.indexOf(entry);
        if (place >= 0) this.#waiting.splice(place, 1);
      };
      const entry = {
        take: (connection: Connection) => {
          leaveQueue();
          resolve(connection);
        },
        connect: () => {
          leaveQueue();
          this.#connect().then(resolve, reject);
        },
      };
      const timer = setTimeout(() => {
        leaveQueue();
        reject(unavailableBecause(new Error(`no connection was free within ${this.#options.waitMs} ms`)));
      }, this.#options.waitMs);
      this.#waiting.push(entry);
    });
  }
}
