import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress, signUp } from './buyers.ts';
import { custom, fill, newCart } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

/** A body for each path that makes something, with its type. */
async function bodies(api: Api): Promise<Readonly<Record<string, { type: string } & Record<string, unknown>>>> {
  const cart = newCart();
  const [line] = await fill(api, cart, custom({ sku: 'a' }));
  const product = await makeProduct(api);
  const { id, email } = await signUp(api, { password: 'secret' });
  const named = { name: 'N', slug: `typed-${api.tag}` };
  const promotion = { promotion_type: 'fixed_discount', schema: { currencies: [{ currency: 'USD', amount: 5 }] } };
  return {
    '/v2/products': {
      ...{ type: 'product', ...named, sku: named.slug, description: '', manage_stock: false, price: [] },
      commodity_type: 'digital',
    },
    '/v2/categories': { type: 'category', ...named },
    '/v2/brands': { type: 'brand', ...named },
    '/v2/collections': { type: 'collection', ...named },
    '/v2/customers': { type: 'customer', name: 'Eve', email: `eve.${api.tag}@example.com` },
    '/v2/customers/tokens': { type: 'token', email, password: 'secret' },
    [`/v2/customers/${id}/addresses`]: { type: 'address', ...sampleAddress },
    [`/v2/inventories/${product}/transactions`]: { type: 'stock-transaction', action: 'increment', quantity: 1 },
    [`${cart}/items`]: custom({ sku: 'b' }).data,
    [`${cart}/items/${line.id}/taxes`]: { type: 'tax_item', rate: 0.1 },
    '/v2/variations': { type: 'product-variation', name: 'N' },
    '/v2/flows': { type: 'flow', ...named, description: '', enabled: true },
    '/v2/promotions': {
      ...{ type: 'promotion', name: 'P', description: '', enabled: false, ...promotion },
      ...{ start: '2018-01-01', end: '2099-01-01' },
    },
  };
}

export const typeCases: Case[] = [
  {
    name: 'a new resource says its type: without one, or with another, it is 422',
    run: async (api) => {
      for (const [path, data] of Object.entries(await bodies(api))) {
        const { type, ...untyped } = data;
        for (const wrong of [untyped, ...['thing', null, [type]].map((other) => ({ ...untyped, type: other }))]) {
          const { status, body } = await api.admin('POST', path, { data: wrong });
          assert.equal(status, 422, `${path} ${JSON.stringify(wrong)}`);
          assert.deepEqual([body.errors.length, body.errors[0].source], [1, 'data.type'], path);
        }
        const { status, body } = await api.admin('POST', path, { data });
        assert.equal(status, 201, `${path} ${JSON.stringify(body)}`);
      }
    },
  },
  {
    name: 'what is not there is 404 in words of its own',
    run: async (api) => {
      const id = randomUUID();
      const missing: Readonly<Record<string, readonly [title: string, detail?: string]>> = {
        [`products/${id}`]: ['Product not found', 'The requested product could not be found'],
        [`categories/${id}`]: ['Category not found', 'The requested category could not be found'],
        [`inventories/${id}`]: ['Product not found', 'The requested product could not be found'],
        [`customers/${id}`]: ['Not Found', 'customer not found'],
        [`customers/${id}/addresses`]: ['Not Found', 'customer not found'],
        [`orders/${id}`]: ['Not Found', 'The requested order could not be found'],
        [`flows/${id}`]: ['Not Found', 'The requested flow could not be found'],
        [`fields/${id}`]: ['Not Found', 'The requested field could not be found'],
        [`promotions/${id}`]: ['Not Found'],
        'gateways/cash': ['Not Found', 'The requested gateway could not be found'],
      };
      for (const [path, [title, detail]] of Object.entries(missing)) {
        const { status, body } = await api.admin('GET', `/v2/${path}`);
        const [error] = body.errors;
        assert.deepEqual([status, error.status, error.title], [404, 404, title], path);
        if (detail !== undefined) assert.equal(error.detail, detail, path);
      }
    },
  },
];
