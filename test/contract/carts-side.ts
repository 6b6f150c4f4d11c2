import { startInstance } from '@banyan/carts/testing';
import { serviceAt, startFakeMesh } from '@banyan/kit/testing';
import { carts as moved } from '@banyan/migration/carts';
import { startFront } from './front.ts';
import { type Side, startMonolith } from './sides.ts';

/**
 * The carts service for the paths of carts, and a monolith for everything else, which the service asks as its peers. The
 * checkout is the monolith's.
 */
export async function cartsOnService(): Promise<Side> {
  const { url, tokens, shop } = await startMonolith();
  const monolith = serviceAt(url);
  const owners = ['monolith', 'products', 'inventories', 'customers', 'orders', 'settings', 'currencies', 'promotions'];
  const mesh = await startFakeMesh(Object.fromEntries(owners.map((name) => [name, monolith])));
  const closeOthers = async () => {
    mesh.close();
    await shop.close();
  };
  const carts = await startInstance(mesh.url).catch(async (error: unknown) => {
    await closeOthers();
    throw error;
  });
  await carts.service.ready;
  const { moves } = carts.service.store;
  // The way back is open: what the service writes is noted for the monolith.
  const { ownership } = await moves.ownership('carts');
  await moves.changeOwnership('carts', ownership, { ...ownership, wayBack: true });
  const servedHere = (path: string) => /^\/v2\/carts([/?]|$)/.test(path) && !/^\/v2\/carts\/[^/]+\/checkout/.test(path);
  const front = await startFront((path) => [servedHere(path) ? carts.service.url : url]);
  return {
    urls: [front.url],
    tokens,
    // As the migration does it: the copy from which the monolith checks out.
    settle: async () => {
      const { changes } = await moves.changes('carts', 1_000);
      if (changes.length === 0) return;
      await moved.apply(shop.shop.db, changes);
      await moves.acknowledge('carts', changes);
    },
    close: async () => {
      front.close();
      await carts.close();
      await closeOthers();
    },
  };
}
