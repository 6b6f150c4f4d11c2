import assert from 'node:assert/strict';
import type { Case } from './api.ts';
import { custom, fill, newCart, product } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

const vat = (members = {}) => ({ data: { type: 'tax_item', name: 'VAT', rate: 0.2, ...members } });

export const cartTaxCases: Case[] = [
  {
    name: 'a tax is put on a line, changed and taken off, with client credentials only',
    run: async (api) => {
      const { admin, shopper } = api;
      const cart = newCart();
      const price = [{ amount: 1000, currency: 'USD', includes_tax: false }];
      const [line] = await fill(api, cart, product(await makeProduct(api, { price }), 3));
      const taxes = `${cart}/items/${line.id}/taxes`;
      assert.equal((await shopper('POST', taxes, vat())).status, 403);
      const made = await admin('POST', taxes, vat({ jurisdiction: 'GB' }));
      assert.equal(made.status, 201);
      const { id } = made.body.data;
      assert.deepEqual(made.body.data, { type: 'tax_item', id, name: 'VAT', jurisdiction: 'GB', rate: 0.2 });
      const { data, meta, included } = (await shopper('GET', `${cart}/items`)).body;
      assert.deepEqual(data[0].relationships.taxes.data, [{ type: 'tax_item', id }]);
      assert.deepEqual(included.tax_items, [made.body.data]);
      const { with_tax, without_tax, tax } = meta.display_price;
      assert.deepEqual([with_tax.amount, without_tax.amount, tax.amount], [3600, 3000, 600]);
      const changed = await admin('PUT', `${taxes}/${id.toUpperCase()}`, vat({ rate: 0.1 }));
      assert.equal(changed.body.data.rate, 0.1);
      assert.equal((await admin('DELETE', `${taxes}/${id}`)).status, 204);
      assert.equal((await admin('DELETE', `${taxes}/${id}`)).status, 404);
      assert.equal((await shopper('GET', cart)).body.data.meta.display_price.tax.amount, 0);
    },
  },
  {
    name: 'taxes that are sent with a line replace its earlier ones',
    run: async (api) => {
      const { admin, shopper } = api;
      const cart = newCart();
      const id = await makeProduct(api);
      await fill(api, cart, product(id, 1, { tax: [vat().data, vat().data] }));
      const { body } = await admin('POST', `${cart}/items`, product(id, 1, { tax: [vat({ rate: 0.05 }).data] }));
      assert.deepEqual(
        body.included.tax_items.map(({ rate }: { rate: number }) => rate),
        [0.05],
      );
      assert.equal((await shopper('POST', `${cart}/items`, product(id, 1, { tax: [vat().data] }))).status, 403);
      assert.equal((await shopper('GET', `${cart}/items`)).body.data[0].quantity, 2, 'nothing of it was added');
    },
  },
  {
    name: 'a line has five taxes at most',
    run: async (api) => {
      const { admin } = api;
      const cart = newCart();
      const [line] = await fill(api, cart, custom({}));
      const item = { data: { type: 'cart_item', id: line.id } };
      const five = Array.from({ length: 5 }, () => ({ ...vat().data, relationships: { item } }));
      assert.equal((await admin('POST', `${cart}/taxes`, { data: five })).body.data.length, 5);
      const sixth = await admin('POST', `${cart}/items/${line.id}/taxes`, vat());
      const detail = 'Cannot exceed tax item limit of (5) on cart item.';
      assert.deepEqual(sixth.body.errors, [{ status: 422, title: 'Tax item not added to cart item.', detail }]);
      assert.equal((await admin('DELETE', `${cart}/taxes`)).status, 204);
      for (const rate of [-0.1, 21, '0.2', null]) {
        assert.equal((await admin('POST', `${cart}/items/${line.id}/taxes`, vat({ rate }))).status, 422);
      }
      assert.equal((await admin('POST', `${cart}/taxes`, vat())).status, 400, 'it names no line');
      const unknown = { data: [{ ...vat().data, relationships: { item: { data: { id: 'x' } } } }] };
      assert.equal((await admin('POST', `${cart}/taxes`, unknown)).status, 404);
    },
  },
  {
    name: 'tax is rounded half up for one unit, and then multiplied',
    run: async (api) => {
      for (const [amount, includes_tax, rates, quantity] of [
        [499, true, [10.2], 4],
        [999, false, [0.2], 1],
        [1, true, [0.1, 0.2], 3],
        [1005, false, [0.055], 7],
      ] as const) {
        const cart = newCart();
        const tax = rates.map((rate) => ({ name: 'T', rate }));
        await fill(api, cart, custom({ price: { amount, includes_tax }, quantity, tax }));
        const { with_tax, without_tax, tax: sum } = (await api.shopper('GET', cart)).body.data.meta.display_price;
        assert.equal(with_tax.amount, without_tax.amount + sum.amount);
      }
    },
  },
];
