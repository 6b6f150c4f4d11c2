import type { Logger } from '@banyan/kit/log';
import type { PlainCounter } from '@banyan/kit/metrics';
import type { SlowHash } from '@banyan/kit/secrets';
import type { ClientCache } from '../clients/client-cache.ts';
import type { Client } from '../domain.ts';
import type { Store } from '../store.ts';
import type { FastHash } from './hash-format.ts';

export interface UpgradesOptions {
  store: Pick<Store, 'upgradeSecret'>;
  clients: Pick<ClientCache, 'replace'>;
  logger: Logger;
  upgraded: PlainCounter;
}

/**
 * Replaces a slow hash by a fast one after a request with the right secret, without delaying that request. This
 * instance uses the fast hash at once. If it cannot be stored, other instances and later starts do the slow work again.
 */
export class SecretUpgrades {
  readonly #options: UpgradesOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  begin(client: Client, from: SlowHash, to: FastHash): void {
    const { store, clients, logger, upgraded: counter } = this.#options;
    clients.replace(client, { ...client, secret: to });
    const work = store.upgradeSecret(client.clientId, from, to).then(
      () => {
        counter.value += 1;
      },
      (error: unknown) => logger.warn({ err: error, clientId: client.clientId }, 'an upgraded secret was not stored'),
    );
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  /** Resolves when all upgrades that have begun are stored or have failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
