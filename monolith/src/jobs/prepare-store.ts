import { setTimeout as delay } from 'node:timers/promises';
import { isStoreUnavailable } from '../db.ts';
import type { Readiness } from '../health/readiness.ts';
import { applySchema, readSchemaFiles } from '../schema/apply-schema.ts';
import { reconcileIndexes } from '../schema/debt-indexes.ts';
import type { Shop } from '../shop.ts';

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/**
 * Applies the schema. Retries while the store is unreachable, because the shop may start before its store does.
 * @throws Error when the store responds and the schema cannot be applied, or when `signal` aborts
 */
export async function prepareStore(shop: Shop, readiness: Readiness, signal: AbortSignal): Promise<void> {
  const files = await readSchemaFiles();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const applied = await applySchema(shop.db, files);
      await reconcileIndexes(shop.db, shop.debts);
      if (applied.length > 0) shop.log.info({ applied }, 'schema brought up to date');
      readiness.prepared();
      return;
    } catch (error) {
      if (!isStoreUnavailable(error)) throw error;
      readiness.notPrepared('The store cannot be reached');
      shop.log.warn({ err: error, pauseMs }, 'store not ready; trying again');
      await delay(pauseMs, undefined, { signal });
    }
  }
}
