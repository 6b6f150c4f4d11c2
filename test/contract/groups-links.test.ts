import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '@banyan/kit/testing';
import { type Api, openApi } from './api.ts';
import { allOnService, type MovingSide } from './both-sides.ts';
import { makeProduct } from './goods.ts';
import * as groups from './groups-goods.ts';
import { groupProductCases } from './groups-products.ts';
import { brands, categories, collections } from './moved-services.ts';

const { makeGroup } = groups;

/** What the service asks for links while it has no copy in step. */
const isAsked = (path: string) => path.startsWith('/internal/links/');

for (const [moved, group] of [
  [brands, groups.brands],
  [categories, groups.categories],
  [collections, groups.collections],
] as const) {
  const { plural, type } = group;
  describe(`a ${plural} service that keeps the links of products`, () => {
    let side: MovingSide;
    let api: Api;
    before(async () => {
      side = await allOnService(moved);
      api = openApi({ ...side, tag: randomUUID() });
      const own = await makeGroup(api, group);
      await until('the copy to be in step', async () => {
        const before = side.asked().filter(isAsked).length;
        await api.admin('GET', `/v2/${plural}/${own}`);
        return side.asked().filter(isAsked).length === before;
      });
    });
    after(() => side.close());

    const products = async (own: string, call = api.shopper): Promise<string[]> => {
      const { relationships } = (await call('GET', `/v2/${plural}/${own}`)).body.data;
      return (relationships.products?.data ?? []).map(({ id }: { id: string }) => id);
    };
    const link = async (product: string, method: string, ...ids: string[]) => {
      const data = ids.map((id) => ({ type, id }));
      const { status } = await api.admin(method, `/v2/products/${product}/relationships/${plural}`, { data });
      assert.ok(status < 300, `${method} ${status}`);
    };

    test('asks no one for them, and shows each change of a product at once', async () => {
      const asked = side.asked().filter(isAsked).length;
      const [one, two] = [await makeGroup(api, group), await makeGroup(api, group)];
      const [first, second] = [await makeProduct(api), await makeProduct(api)];
      await link(second, 'POST', one);
      await link(first, 'POST', one, two);
      assert.deepEqual([await products(one), await products(two)], [[first, second], [first]]);
      await link(first, 'DELETE', one);
      assert.deepEqual([await products(one), await products(two)], [[second], [first]]);
      await link(first, 'PUT', one);
      assert.deepEqual([await products(one), await products(two)], [[first, second], []]);
      await api.admin('PUT', `/v2/products/${second}`, { data: { type: 'product', status: 'draft' } });
      assert.deepEqual([await products(one), await products(one, api.admin)], [[first], [first, second]]);
      await api.admin('PUT', `/v2/products/${second}`, { data: { type: 'product', status: 'live' } });
      assert.equal((await api.admin('DELETE', `/v2/products/${first}`)).status, 204);
      assert.deepEqual(await products(one), [second]);
      assert.equal((await api.admin('DELETE', `/v2/${plural}/${one}`)).status, 204);
      assert.equal((await api.admin('GET', `/v2/products/${second}`)).body.data.relationships[plural], undefined);
      assert.equal(side.asked().filter(isAsked).length, asked);
      const { clean, compared } = await side.parity(`${type}-links`);
      assert.deepEqual([clean, compared], [true, 0]);
    });

    // The case of many products is about the products themselves, and takes long where each write settles.
    for (const { name, run } of groupProductCases(group).filter((one) => !one.name.includes('more than a page'))) {
      test(name, async () => {
        const asked = side.asked().filter(isAsked).length;
        await run(openApi({ ...side, tag: randomUUID() }));
        assert.equal(side.asked().filter(isAsked).length, asked, 'links were not asked for');
        assert.equal((await side.parity(`${type}-links`)).clean, true);
      });
    }
  });
}
