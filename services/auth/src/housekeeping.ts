import type { Logger } from '@banyan/kit/log';
import type { Notifications } from '@banyan/kit/notifications';
import type { SlowParameters } from '@banyan/kit/secrets';
import type { ClientCache } from './clients/client-cache.ts';
import type { KeyKeeper } from './keys/key-keeper.ts';
import type { Store } from './store.ts';

export interface HousekeepingOptions {
  store: Pick<Store, 'slowParametersInUse' | 'listen'>;
  logger: Logger;
  /** How often it reads the store, in case a notification was lost. */
  periodMs: number;
}

/**
 * Keeps an instance up to date with the store: the keys (rotated when due), whether slow hashes remain, and changed
 * clients. Notifications make this quick. The period makes it reliable.
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

  /** Parameters of the slow hashes that some client still has, as last read. Null if no client has one. */
  get slowParameters(): SlowParameters | null {
    return this.#slowParameters;
  }

  /** Does the first round, then continues until {@link stop}. */
  async start(keys: Pick<KeyKeeper, 'maintain'>, clients: Pick<ClientCache, 'changed'>): Promise<void> {
    const { store, logger, periodMs } = this.#options;
    this.#slowParameters = await store.slowParametersInUse();
    const round = () => {
      // Rounds run one after the other and at most one waits, so a slow store or many notifications cause no backlog.
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
      onLost: (error) => logger.warn({ err: error }, 'notifications from the store are lost'),
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
    // Independent of each other: keys that cannot be opened must not keep the slow parameters out of date.
    const results = await Promise.allSettled([
      keys.maintain(),
      store.slowParametersInUse().then((parameters) => {
        this.#slowParameters = parameters;
      }),
    ]);
    const failure = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    // Logged once per failure, not once per round.
    if (failure && !this.#failing) {
      logger.warn({ err: failure.reason }, 'keys or secrets cannot be read; the last ones are used');
    }
    this.#failing = failure !== undefined;
  }
}
