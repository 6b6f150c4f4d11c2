import { Redis, type RedisOptions } from 'ioredis';
import { isTimeout, storeError, unavailableBecause } from './errors.ts';

export interface ConnectionOptions {
  /** `redis://user:password@host:port/number` */
  url: string;
  connectTimeoutMs: number;
  commandTimeoutMs: number;
  onIdleError: (error: Error) => void;
}

/** Every command runs at most once, and every promise settles. */
export function redisOptions({
  connectTimeoutMs,
  commandTimeoutMs,
}: ConnectionOptions): RedisOptions & { replyMapping: 'legacy' } {
  return {
    replyMapping: 'legacy',
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A command whose reply was lost has run or not. The defaults send it again.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A command is not kept for a store that is down.
    enableOfflineQueue: false,
    // The next caller connects.
    retryStrategy: () => null,
    keepAlive: 10_000,
    noDelay: true,
  };
}

/** One connection. The next command opens another one after it was lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** @throws ServiceError `store_unavailable` when the store cannot be reached or does not respond in time */
  async run<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw unavailableBecause(new Error('the store is closed'));
    let client: Redis | undefined;
    try {
      client = this.#client?.status === 'ready' ? this.#client : await this.#connect();
      return await work(client);
    } catch (error) {
      // A server that is silent may stay so on this connection.
      if (client && isTimeout(error)) this.#leave(client);
      throw storeError(error);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#client) this.#leave(this.#client);
  }

  #connect(): Promise<Redis> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<Redis> {
    const client = new Redis(this.#options.url, redisOptions(this.#options));
    // An event `error` without a listener is printed. Commands reject by themselves.
    client.on('error', this.#options.onIdleError);
    client.on('close', () => this.#leave(client));
    try {
      await client.connect();
    } catch (error) {
      client.disconnect();
      throw error;
    }
    this.#client = client;
    if (this.#closed) this.#leave(client);
    return client;
  }

  /** The driver calls a connection ready until its socket has closed, so it is not asked. */
  #leave(client: Redis): void {
    if (this.#client === client) this.#client = undefined;
    client.disconnect();
  }
}
