import type { Shop } from '../shop.ts';
import { type FirstStock, writeFirstStocks } from './first-stock.ts';
import { confirmFirstStocks, openFirstStocks } from './noted-first-stocks.ts';
import { postToOwner } from './post-to-owner.ts';

/**
 * Seam 1: asks the owner of inventories for the first stock of products that were just committed, and waits for it. Never
 * fails: the products exist, and what the owner could not do now is repeated by the recovery until it is done. Until
 * then, products show the stock that was asked for.
 */
export async function askFirstStocks(shop: Shop, productIds: readonly string[]): Promise<void> {
  try {
    await ask(shop, await openFirstStocks(shop.db, productIds));
  } catch (err) {
    shop.log.warn({ err, products: productIds.length }, 'first stock is left to the recovery');
  }
}

/** Recovery: asks for what a process that died, or an owner that was away, has left. Returns the number of products. */
export async function recoverFirstStocks(shop: Shop): Promise<number> {
  const open = await openFirstStocks(shop.db);
  await ask(shop, open);
  return open.length;
}

async function ask(shop: Shop, wanted: readonly FirstStock[]): Promise<void> {
  if (wanted.length === 0) return;
  // Where the owner cannot be asked, this store is tried: it refuses what another program owns, and each is done once.
  if (!(await ownerHasDone(shop, wanted))) await writeFirstStocks(shop.db, wanted, shop.now());
  await confirmFirstStocks(shop.db, wanted);
}

/** Asks the owner of inventories, whichever program that is now. False where it has not agreed, or none is named. */
async function ownerHasDone(shop: Shop, wanted: readonly FirstStock[]): Promise<boolean> {
  const { inventoriesUrl } = shop.config;
  if (inventoriesUrl === undefined) return false;
  try {
    await postToOwner(inventoriesUrl, shop.config.introspection, wanted);
    return true;
  } catch (err) {
    shop.log.warn({ err, products: wanted.length }, 'the owner of inventories was not reached');
    return false;
  }
}
