import type { Shop } from '../shop.ts';
import { storeFault } from '../store-faults.ts';
import { type FirstStock, writeFirstStocks } from './first-stock.ts';
import { confirmFirstStocks, openFirstStocks } from './noted-first-stocks.ts';

/** The longest time in which another owner of inventories replies, in ms. */
const replyTimeoutMs = 10_000;

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
  try {
    await writeFirstStocks(shop.db, wanted, shop.now());
  } catch (error) {
    const { inventoriesUrl } = shop.config;
    if (storeFault(error)?.code !== 'misdirected' || inventoriesUrl === undefined) throw error;
    await askElsewhere(shop, inventoriesUrl, wanted);
  }
  await confirmFirstStocks(shop.db, wanted);
}

/** Another program owns the inventories now. */
async function askElsewhere(shop: Shop, url: string, wanted: readonly FirstStock[]): Promise<void> {
  const { clientId = '', clientSecret = '' } = shop.config.introspection ?? {};
  const credentials = Buffer.from(`${clientId}:${clientSecret}`);
  const reply = await fetch(`${url}/internal/first-stocks`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials.toString('base64')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ data: wanted }),
    signal: AbortSignal.timeout(replyTimeoutMs),
  });
  await reply.body?.cancel();
  if (!reply.ok) throw new Error(`The owner of inventories replied ${reply.status}`);
}
