import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { kindOf } from '../support/kinds/kinds.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop, type Shown } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** What a stop of the way is held for. By count, not by time. */
const atEachStop = { writes: 20, families: 3 };

/** Groups of products. Brands move in the tests of mixed owners. */
const groups = [
  { plural: 'collections', type: 'collection' },
  { plural: 'categories', type: 'category' },
];

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', {
    only: ['auth', ...groups.map(({ plural }) => plural)],
    accompanied: true,
  });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

for (const { plural, type } of groups) {
  test(`${plural} move to their service and back while they change, with their trees and their products`, async () => {
    const { access_token: token } = await askToken(platform.edge, platform.client);
    const edge = new Shop(platform.edge, token);
    const ledger = new Ledger({ shop: edge, kind: kindOf(plural) });
    const faults: string[] = [];
    let families = 0;
    let moving = true;

    const send = async (method: string, path: string, data?: object): Promise<Shown['body']> => {
      const { status, body } = await edge.send({ method, path, ...(data ? { data } : {}) });
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
      return body;
    };
    const link = (id: string) => ({ type, id });
    const make = async (): Promise<string> => {
      const slug = randomUUID();
      return (await send('POST', `/v2/${plural}`, { type, name: slug, slug, status: 'live' })).data.id;
    };
    const shown = async (id: string) => (await send('GET', `/v2/${plural}/${id}`)).data.relationships;
    const isInTree = async (parent: string, child: string): Promise<boolean> => {
      const { data } = await send('GET', `/v2/${plural}/tree`);
      const top = data.find(({ id }: { id: string }) => id === parent);
      return (top?.children ?? []).some(({ id }: { id: string }) => id === child);
    };
    const linksOf = async (product: string): Promise<string[]> => {
      const { data } = await send('GET', `/v2/products/${product}`);
      return (data.relationships?.[plural]?.data ?? []).map(({ id }: { id: string }) => id);
    };
    /** A parent, a child and a product in it: shown from each end, and gone from each end. */
    const oneFamily = async (product: string) => {
      const [parent, child] = [await make(), await make()];
      await send('PUT', `/v2/${plural}/${child}/relationships/parent`, link(parent));
      assert.deepEqual(await shown(parent), { children: { data: [link(child)] } });
      assert.ok(await isInTree(parent, child), 'the tree has the child');
      // The products are the monolith's. It has the new group by then, also where it does not own the groups.
      await send('POST', `/v2/products/${product}/relationships/${plural}`, [link(child)]);
      assert.ok((await linksOf(product)).includes(child));
      assert.deepEqual(await shown(child), {
        products: { data: [{ type: 'product', id: product }] },
        parent: { data: link(parent) },
      });
      await send('DELETE', `/v2/${plural}/${parent}`);
      assert.equal((await shown(child)).parent, undefined);
      await send('DELETE', `/v2/${plural}/${child}`);
      await until('the link to be gone', async () => !(await linksOf(product)).includes(child));
    };

    const { data } = await send('GET', '/v2/products?page[limit]=1');
    const product: string = data[0].id;
    const writers = [0, 1].map((client) => ledger.write(client, () => moving));
    const following = (async () => {
      while (moving && faults.length === 0) {
        try {
          await oneFamily(product);
          families += 1;
        } catch (failure) {
          faults.push(String(failure instanceof Error ? failure.stack : failure));
        }
      }
    })();
    const dwell = async (where: string) => {
      const goal = { writes: ledger.acknowledged.length + atEachStop.writes, families: families + atEachStop.families };
      const isEnough = () => ledger.acknowledged.length >= goal.writes && families >= goal.families;
      await until(`writes and families ${where}`, () => isEnough() || ledger.faults.length + faults.length > 0, {
        limitMs: 240_000,
      });
      assert.deepEqual([ledger.faults, faults], [[], []], where);
      await migrator.mustBeEqual(plural, where);
    };

    try {
      await migrator.backfill(plural);
      await migrator.backfill(`${type}-links`);
      await dwell('on the monolith, with the service in step');
      await migrator.shift(`${plural}/reads`, plural);
      await dwell('on the monolith, with the reads on the service');
      await migrator.switchTo(plural, 'service');
      await dwell('on the service');
      await migrator.shift(`${plural}/reads`, 'monolith');
      await dwell('on the service, with the reads on the monolith');
      await migrator.switchTo(plural, 'monolith');
      await dwell('back on the monolith');
      await migrator.switchTo(plural, 'service');
      await dwell('on the service again');
    } finally {
      moving = false;
      await Promise.all([...writers, following]);
    }
    assert.deepEqual(faults, []);
    assert.deepEqual(await ledger.compare(), []);
    await migrator.mustBeEqual(`${type}-links`, 'at the end');
  });
}
