import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { custom, fill, makeCustomer } from './carts-goods.ts';
import { addField, entry, to, withFlow } from './entries.ts';
import { makeBrand, makeProduct } from './goods.ts';

const idsOf = (list: { id: string }[] = []) => list.map(({ id }) => id);

/** Links an entity to others by a field. */
async function link({ admin }: Api, one: string, field: string, data: object): Promise<void> {
  const { status, body } = await admin('PUT', `${one}/relationships/${field}`, { data });
  assert.equal(status, 200, JSON.stringify(body));
}

async function makeGroup({ admin, tag, next }: Api, type: string, plural: string): Promise<string> {
  const data = { type, name: 'G', slug: `${tag}-${next()}`, status: 'live' };
  const { status, body } = await admin('POST', `/v2/${plural}`, { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

const knows = (field: string) => (reply: { body: { data: { relationships?: object } } }) =>
  field in (reply.body.data.relationships ?? {});

export const fieldIncludeCases: Case[] = [
  {
    name: 'include of relationship fields shows what they lead to, as far as the caller sees it',
    run: async (api) => {
      const { admin, shopper } = api;
      const [id, rival] = [await makeBrand(api), await makeBrand(api)];
      const [one, two, draft] = [
        await makeProduct(api),
        await makeProduct(api),
        await makeProduct(api, { status: 'draft' }),
      ];
      const [category, collection] = [
        await makeGroup(api, 'category', 'categories'),
        await makeGroup(api, 'collection', 'collections'),
      ];
      const { id: customer } = await makeCustomer(api);
      const authors = `authors-${api.tag}`;
      await withFlow(api, authors, async (flow) => {
        await addField(api, flow, 'called');
        const ada = (await admin('POST', `/v2/flows/${authors}/entries`, entry({ called: 'Ada' }))).body.data.id;
        await withFlow(api, 'brands', async (brands) => {
          const targets = {
            ...{ Goes_With: 'product', rival: 'brand', shelf: 'category', set: 'collection', buyer: 'customer' },
            author: authors,
          };
          for (const [order, [slug, target]] of Object.entries(targets).entries()) {
            const type = target === 'product' ? 'one-to-many' : 'one-to-one';
            await addField(api, brands, slug, { order, ...to(type, target) });
          }
          const path = `/v2/brands/${id}`;
          await api.eventually(path, knows('author'));
          await link(
            api,
            path,
            'Goes_With',
            [two, draft, one].map((product) => ({ type: 'product', id: product })),
          );
          await link(api, path, 'rival', { type: 'brand', id: rival });
          await link(api, path, 'shelf', { type: 'category', id: category });
          await link(api, path, 'set', { type: 'collection', id: collection });
          await link(api, path, 'buyer', { type: 'customer', id: customer });
          await link(api, path, 'author', { type: 'entry', id: ada });
          const { included } = (await admin('GET', `${path}?include=goes_with, RIVAL,shelf,buyer,author`)).body;
          assert.deepEqual(Object.keys(included), ['products', 'brands', 'categories', 'customers', authors]);
          assert.deepEqual(idsOf(included.products), [one, two, draft], 'in the order of their creation');
          assert.deepEqual(idsOf(included.brands), [rival]);
          assert.deepEqual([idsOf(included.customers), included.customers[0].email.length > 0], [[customer], true]);
          assert.deepEqual([included[authors][0].called, included[authors][0].type], ['Ada', 'entry']);
          const seen = (await shopper('GET', `${path}?include=goes_with,buyer,set`)).body.included;
          assert.deepEqual(
            [idsOf(seen.products), seen.customers, idsOf(seen.collections)],
            [[one, two], undefined, [collection]],
          );
          assert.equal((await admin('GET', path)).body.included, undefined);
          const list = (await admin('GET', `/v2/brands?filter=in(id,${id},${rival})&include=goes_with,unknown`)).body;
          assert.deepEqual([list.data.length, idsOf(list.included.products)], [2, [one, two, draft]]);
          const entries = (await admin('GET', `/v2/flows/brands/entries/${id}?include=shelf`)).body;
          assert.deepEqual(idsOf(entries.included.categories), [category]);
          const put = (await admin('PUT', `${path}?include=rival`, { data: { name: 'New' } })).body;
          assert.deepEqual([put.data.name, idsOf(put.included.brands)], ['New', [rival]]);
          await admin('POST', `/v2/products/${one}/relationships/brands`, { data: [{ type: 'brand', id }] });
          const both = (await admin('GET', `${path}?include=products,goes_with`)).body.included;
          assert.deepEqual(idsOf(both.products), [one, two, draft], 'each is there once');
          await admin('DELETE', `/v2/products/${two}`);
          assert.deepEqual(idsOf((await admin('GET', `${path}?include=goes_with`)).body.included.products), [
            one,
            draft,
          ]);
          const cleared = await admin('DELETE', `${path}/relationships/Goes_With`);
          assert.equal(cleared.status, 204);
          assert.equal((await admin('GET', `${path}?include=goes_with`)).body.included, undefined);
        });
      });
    },
  },
  {
    name: 'include of relationship fields of carts and lines',
    run: async (api) => {
      const { admin, shopper } = api;
      const [brand, product] = [await makeBrand(api), await makeProduct(api)];
      const { id: customer } = await makeCustomer(api);
      const cart = `/v2/carts/${randomUUID()}`;
      const [line] = await fill(api, cart, custom({ sku: 'a' }));
      await withFlow(api, 'carts', async (carts) => {
        await addField(api, carts, 'seller', { order: 1, ...to('one-to-one', 'customer') });
        await addField(api, carts, 'made_by', { order: 2, ...to('one-to-many', 'brand') });
        await withFlow(api, 'cart_items', async (items) => {
          await addField(api, items, 'twin', to('one-to-one', 'product'));
          await api.eventually(cart, knows('made_by'));
          await api.eventually(`/v2/flows/cart_items/entries/${line.id}`, knows('twin'));
          await link(api, cart, 'seller', { type: 'customer', id: customer });
          await link(api, cart, 'made_by', [{ type: 'brand', id: brand }]);
          await link(api, `${cart}/items/${line.id}`, 'twin', { type: 'product', id: product });
          const whole = (await admin('GET', `${cart}?include=made_by,seller,items`)).body.included;
          assert.deepEqual(Object.keys(whole), ['items', 'customers', 'brands']);
          assert.deepEqual([idsOf(whole.customers), idsOf(whole.brands)], [[customer], [brand]]);
          const seen = (await shopper('GET', `${cart}?include=seller,made_by`)).body.included;
          assert.deepEqual(Object.keys(seen), ['brands']);
          const lines = (await shopper('GET', `${cart}/items?include=twin`)).body;
          assert.deepEqual([lines.data.length, idsOf(lines.included.products)], [1, [product]]);
          const of = (await admin('GET', `/v2/flows/cart_items/entries/${line.id}?include=twin`)).body;
          assert.deepEqual(idsOf(of.included.products), [product]);
        });
      });
    },
  },
];
