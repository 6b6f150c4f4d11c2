import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';
import { custom, fill, newCart, product } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

const usd = (amount: number, formatted: string) => ({ amount, currency: 'USD', formatted });
const moments = ['created_at', 'updated_at'];

/** The prices of a cart. */
const shown = async ({ shopper }: Api, cart: string) => (await shopper('GET', cart)).body.data.meta.display_price;

export const cartShapeCases: Case[] = [
  {
    name: 'a cart and its lines have every member that clients read',
    run: async (api) => {
      const { shopper } = api;
      const cart = newCart();
      const sku = `SKU-${api.tag}`;
      const goods = { name: 'Chair', sku, slug: `chair-${api.tag}`, description: 'Oak', manage_stock: true, stock: 9 };
      const id = await makeProduct(api, { ...goods, price: [{ amount: 999, currency: 'USD', includes_tax: false }] });
      const tax = [{ type: 'tax_item', name: 'VAT', jurisdiction: 'GB', code: 'V', rate: 0.2 }];
      await fill(api, cart, product(id, 2, { tax }));
      await fill(api, cart, custom({ sku: 'post', description: 'By air', quantity: 3 }));
      const { data, meta, included } = (await shopper('GET', `${cart}/items?include=tax_items`)).body;
      const [line, other] = data;
      const { id: lineId, meta: lineMeta, links, ...rest } = line;
      const [{ id: taxId, ...taxRest }, ...noOther] = included.tax_items;
      assert.deepEqual([taxRest, noOther.length], [tax[0], 0]);
      const none = { mime_type: '', file_name: '', href: '' };
      assert.deepEqual(rest, {
        ...{ type: 'cart_item', product_id: id, name: 'Chair', description: 'Oak', sku, slug: goods.slug },
        ...{ image: none, quantity: 2, manage_stock: true },
        unit_price: { amount: 999, currency: 'USD', includes_tax: false },
        value: { amount: 1998, currency: 'USD', includes_tax: false },
        relationships: { taxes: { data: [{ type: 'tax_item', id: taxId }] } },
      });
      assert.equal(new URL(links.product).pathname, `/v2/products/${id}`);
      assert.deepEqual(Object.keys(lineMeta.timestamps), moments);
      assert.deepEqual(lineMeta.display_price, {
        with_tax: { unit: usd(1199, '$11.99'), value: usd(2398, '$23.98') },
        without_tax: { unit: usd(999, '$9.99'), value: usd(1998, '$19.98') },
        tax: { unit: usd(200, '$2.00'), value: usd(400, '$4.00') },
      });
      const { id: otherId, meta: otherMeta, ...customRest } = other;
      assert.deepEqual(customRest, {
        ...{ type: 'custom_item', name: 'Postage', description: 'By air', sku: 'post', image: none, quantity: 3 },
        ...{ manage_stock: false, links: {} },
        unit_price: { amount: 250, currency: 'USD', includes_tax: true },
        value: { amount: 750, currency: 'USD', includes_tax: true },
      });
      assert.deepEqual(Object.keys(otherMeta.display_price), ['with_tax', 'without_tax', 'tax']);
      const whole = (await shopper('GET', `${cart}?include=items`)).body;
      assert.deepEqual([whole.data.type, `/v2/carts/${whole.data.id}`], ['cart', cart]);
      assert.equal(new URL(whole.data.links.self).pathname, cart);
      assert.deepEqual(whole.data.meta, meta);
      assert.deepEqual(meta.display_price, {
        with_tax: usd(3148, '$31.48'),
        without_tax: usd(2748, '$27.48'),
        tax: usd(400, '$4.00'),
      });
      assert.deepEqual(
        whole.data.relationships.items.data,
        [lineId, otherId].map((one) => ({ type: 'cart_item', id: one })),
      );
      assert.deepEqual(whole.included.items, data);
    },
  },
  {
    name: 'taxes are those of the published samples: net is rounded first, half up, for one unit',
    run: async (api) => {
      const priced = async (amount: number, includes_tax: boolean, quantity: number, ...rates: number[]) => {
        const cart = newCart();
        const tax = rates.map((rate) => ({ name: 'T', rate }));
        await fill(api, cart, custom({ price: { amount, includes_tax }, quantity, tax }));
        const { with_tax, without_tax, tax: sum } = await shown(api, cart);
        return [without_tax.amount, sum.amount, with_tax.amount];
      };
      assert.deepEqual(await priced(499, true, 4, 10.2), [4 * 45, 4 * 459, 4 * 504]);
      assert.deepEqual(await priced(999, false, 1, 0.2), [999, 200, 1199]);
      assert.deepEqual(await priced(5, false, 3, 0.1), [15, 3, 18], 'half a cent is one');
      assert.deepEqual(await priced(1000, true, 1, 0.1, 0.15), [800, 200, 1000]);
      assert.deepEqual(await priced(1000, true, 2), [2000, 0, 2000]);
    },
  },
  {
    name: 'a code in an empty cart is refused with the reason',
    run: async (api) => {
      const promotion = {
        ...{ type: 'promotion', name: 'P', description: '', enabled: true, promotion_type: 'fixed_discount' },
        ...{ schema: { currencies: [{ currency: 'USD', amount: 5 }] }, start: '2018-01-01', end: '2099-01-01' },
      };
      const { id } = (await api.admin('POST', '/v2/promotions', { data: promotion })).body.data;
      const code = `C-${api.tag}`;
      const codes = { type: 'promotion_codes', codes: [{ code }] };
      await api.admin('POST', `/v2/promotions/${id}/codes`, { data: codes });
      const entered = await api.shopper('POST', `${newCart()}/items`, { data: { type: 'promotion_item', code } });
      const detail = 'At least one product must be included in your cart to qualify for this offer';
      assert.deepEqual([entered.status, entered.body.errors[0].detail], [422, detail]);
      await api.admin('DELETE', `/v2/promotions/${id}`);
    },
  },
];
