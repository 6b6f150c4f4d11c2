import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { makeModifier, makeOption, makeVariation } from '../testing/variants.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

describe('variations', () => {
  test('show their options and modifiers, the same when debt 27 is paid', async () => {
    const shops = [it, await openTestShop(['options-by-queries'])];
    for (const shop of shops) {
      const size = await makeVariation(shop, 'Size');
      const [small, large] = [await makeOption(shop, size, 'S', 'Small'), await makeOption(shop, size, 'L', 'Large')];
      const seek = { seek: '{SIZE}', set: 's' };
      const builder = await makeModifier(shop, size, small, 'sku_builder', seek);
      const raise = await makeModifier(shop, size, small, 'price_increment', [{ amount: 5, currency: 'USD' }]);
      const { data } = (await shop.admin('GET', `/v2/variations/${size}`)).body;
      assert.deepEqual(data.options, [
        {
          id: small,
          name: 'S',
          description: 'Small',
          modifiers: [
            { id: builder, type: 'sku_builder', value: seek },
            { id: raise, type: 'price_increment', value: [{ amount: 5, currency: 'USD' }] },
          ],
        },
        { id: large, name: 'L', description: 'Large', modifiers: [] },
      ]);
      const link = (id: string) => ({ type: 'option', id });
      assert.deepEqual(data.relationships, { options: { data: [link(small), link(large)] } });
      const options = await shop.admin('GET', `/v2/variations/${size}/options`);
      const [first, second] = options.body.data;
      assert.deepEqual(first.relationships.modifiers.data, [
        { sku_builder: seek },
        { price_increment: [{ amount: 5, currency: 'USD' }] },
      ]);
      assert.deepEqual([first.type, second.relationships], ['option', {}]);
      const list = await shop.admin('GET', `/v2/variations?filter=eq(id,${size})&include=options`);
      assert.deepEqual(list.body.data, [data]);
      assert.deepEqual(list.body.included.options, options.body.data);
    }
    await shops[1]?.close();
  });
});

// What the API promises is in test/contract/variations.ts.
describe('modifiers', () => {
  test('that are added at once do not raise and lower the price of one option', async () => {
    const size = await makeVariation(it, 'Size');
    const all = `/v2/variations/${size}/options/${await makeOption(it, size, 'S')}/modifiers`;
    const value = [{ amount: 1, currency: 'USD' }];
    const replies = await Promise.all(
      ['price_increment', 'price_decrement'].map((modifier_type) =>
        it.admin('POST', all, { data: { type: 'modifier', modifier_type, value } }),
      ),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 422]);
  });
});
