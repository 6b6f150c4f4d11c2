import type { Logger } from '@banyan/kit/log';
import type { Notifications } from '@banyan/kit/notifications';
import type { ClientCache } from './clients/client-cache.ts';
import type { KeyKeeper } from './keys/key-keeper.ts';
import type { SlowParameters } from './secrets/hash-format.ts';
import type { Store } from './store.ts';

export interface HousekeepingOptions {
  store: Pick<Store, 'slowParametersInUse' | 'listen'>;
  logger: Logger;
  /** How often it looks, beside being told. */
  periodMs: number;
}

/**
 * Keeps an instance in step with the store: keys (rotated when due), whether slow hashes are left, and the clients that
 * were announced to have changed. The store's announcements make it quick; the period makes it certain.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #slowParameters: SlowParameters | null = null;
  #notifications: Notifications | null = null;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #waiting = false;
  #failing = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** Parameters of the slow hashes that some client still carries, as last read; null when there are none. */
  get slowParameters(): SlowParameters | null {
    return this.#slowParameters;
  }

  /** Does the first round, then goes on until {@link stop}. */
  async start(keys: Pick<KeyKeeper, 'maintain'>, clients: Pick<ClientCache, 'changed'>): Promise<void> {
    const { store, logger, periodMs } = this.#options;
    this.#slowParameters = await store.slowParametersInUse();
    const round = () => {
      // One after the other, and at most one waits: neither a slow store nor many announcements pile rounds up.
      if (this.#waiting) return;
      this.#waiting = true;
      this.#round = this.#round.then(() => {
        this.#waiting = false;
        return this.#look(keys);
      });
    };
    this.#notifications = store.listen({
      onClientChanged: (clientId) => {
        clients.changed(clientId);
        round();
      },
      onKeysChanged: round,
      onLost: (error) => logger.warn({ err: error }, 'announcements of the store are not heard'),
    });
    this.#timer = setInterval(round, periodMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#notifications?.close();
    await this.#round;
  }

  async #look(keys: Pick<KeyKeeper, 'maintain'>): Promise<void> {
    const { store, logger } = this.#options;
    // Each on its own: keys that cannot be opened are no reason to be out of date about secrets.
    const results = await Promise.allSettled([
      keys.maintain(),
      store.slowParametersInUse().then((parameters) => {
        this.#slowParameters = parameters;
      }),
    ]);
    const failure = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    // Once per failure, not once per round.
    if (failure && !this.#failing) {
      logger.warn({ err: failure.reason }, 'keys or secrets cannot be read; what was read last is used');
    }
    this.#failing = failure !== undefined;
  }
}
