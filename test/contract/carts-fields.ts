import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { custom, fill, newCart, product, tryCheckOut } from './carts-goods.ts';
import { makeProduct } from './goods.ts';

/** Adds a field to a flow. */
async function fieldOn({ admin }: Api, flow: string, members: { slug: string } & Record<string, unknown>) {
  const data = {
    ...{ type: 'field', name: members.slug, field_type: 'string', description: '', required: false },
    ...members,
    relationships: { flow: { data: { type: 'flow', id: flow } } },
  };
  const { status, body } = await admin('POST', '/v2/fields', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id as string;
}

/** Runs `work` while a flow exists. Flows belong to the whole shop, so it goes afterwards. */
async function withFlow(api: Api, slug: string, work: (flow: string) => Promise<void>): Promise<void> {
  const data = { type: 'flow', name: slug, slug, description: '', enabled: true };
  const { status, body } = await api.admin('POST', '/v2/flows', { data });
  assert.equal(status, 201, JSON.stringify(body));
  try {
    await work(body.data.id);
  } finally {
    await api.admin('DELETE', `/v2/flows/${body.data.id}`);
  }
}

export const cartFieldCases: Case[] = [
  {
    name: 'carts have the fields of their flow, checked, shown first, and unset by null',
    run: async (api) => {
      const { admin, shopper } = api;
      await withFlow(api, 'carts', async (flow) => {
        await fieldOn(api, flow, { slug: 'note', order: 2 });
        const between = [{ type: 'between', options: { from: 1, to: 9 } }];
        const rules = { field_type: 'integer', default: 3, validation_rules: between, omit_null: true };
        await fieldOn(api, flow, { slug: 'gifts', order: 1, ...rules });
        const made = await shopper('POST', '/v2/carts', { data: { name: 'N', note: 'for Ada', unknown: 1 } });
        assert.equal(made.status, 201, JSON.stringify(made.body));
        const cart = `/v2/carts/${made.body.data.id}`;
        assert.deepEqual(Object.keys(made.body.data).slice(0, 3), ['gifts', 'note', 'id']);
        assert.deepEqual([made.body.data.gifts, made.body.data.note], [3, 'for Ada']);
        for (const wrong of [{ gifts: 10 }, { gifts: '5' }, { note: 5 }, { gifts: 1.5, note: false }]) {
          const { status, body } = await shopper('PUT', cart, { data: wrong });
          assert.deepEqual([status, body.errors.length], [422, Object.keys(wrong).length]);
        }
        const changed = (await shopper('PUT', cart, { data: { gifts: null, note: 'é \u{1f600}' } })).body.data;
        assert.deepEqual([changed.gifts, changed.note, changed.name], [undefined, 'é \u{1f600}', 'N']);
        await fill(api, cart, custom({ sku: 'a' }));
        assert.equal((await shopper('GET', `${cart}?include=items`)).body.data.note, 'é \u{1f600}');
        assert.equal((await admin('GET', '/v2/carts?page[limit]=1')).body.data[0].note, 'é \u{1f600}');
        const key = { 'idempotency-key': randomUUID() };
        const bad = await shopper('POST', '/v2/carts', { data: { name: 'N', gifts: 0 } }, key);
        assert.deepEqual([bad.status, bad.body.errors[0].source], [422, 'data.gifts']);
        assert.equal((await shopper('POST', '/v2/carts', { data: { name: 'N', gifts: 1 } }, key)).status, 201);
        const empty = (await shopper('GET', newCart())).body.data;
        assert.deepEqual([empty.note, 'gifts' in empty], [null, false]);
      });
    },
  },
  {
    name: 'lines have the fields of their flow, and take them along to another cart and into an order',
    run: async (api) => {
      const { shopper } = api;
      await withFlow(api, 'cart_items', async (flow) => {
        await fieldOn(api, flow, { slug: 'engraving', required: true });
        await fieldOn(api, flow, { slug: 'wrapped', field_type: 'boolean', default: false });
        await withFlow(api, 'order_items', async (items) => {
          await fieldOn(api, items, { slug: 'engraving' });
          const [cart, id] = [newCart(), await makeProduct(api)];
          assert.equal((await shopper('POST', `${cart}/items`, product(id))).status, 422, 'it is required');
          const [line] = await fill(api, cart, product(id, 1, { engraving: 'A' }));
          assert.deepEqual([line.engraving, line.wrapped], ['A', false]);
          const [again] = await fill(api, cart, product(id, 1, { wrapped: true }));
          assert.deepEqual([again.quantity, again.engraving, again.wrapped], [2, 'A', true]);
          const data = [custom({ sku: 'x', engraving: 'B' }).data, custom({ sku: 'y', engraving: 5 }).data];
          const some = await shopper('POST', `${cart}/items`, { data });
          assert.deepEqual([some.status, some.body.data[1].engraving, some.body.errors.length], [201, 'B', 1]);
          const put = await shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 3, engraving: 'C' } });
          assert.deepEqual([put.body.data[0].quantity, put.body.data[0].engraving], [3, 'C']);
          const bulk = [{ id: line.id, quantity: 4, engraving: null }];
          assert.equal((await shopper('PUT', `${cart}/items`, { data: bulk })).status, 422);
          const merged = newCart();
          const source = { data: { type: 'cart_items', cart_id: cart.slice('/v2/carts/'.length) } };
          const lines = (await shopper('POST', `${merged}/items`, source)).body.data;
          assert.deepEqual(
            lines.map(({ engraving, wrapped }: Record<string, unknown>) => [engraving, wrapped]),
            [
              ['C', true],
              ['B', false],
            ],
          );
          const order = await tryCheckOut(api, cart);
          assert.equal(order.status, 201, JSON.stringify(order.body));
          const [item] = (await api.admin('GET', `/v2/orders/${order.body.data.id}/items`)).body.data;
          assert.equal(item.engraving, 'C');
        });
      });
    },
  },
  {
    name: 'the value of a unique field is that of one cart, and of one line',
    run: async (api) => {
      const { shopper } = api;
      await withFlow(api, 'carts', async (flow) => {
        await fieldOn(api, flow, { slug: 'ticket', unique: true });
        const make = (ticket: unknown) => shopper('POST', '/v2/carts', { data: { name: 'N', ticket } });
        const first = await make('one');
        assert.equal(first.status, 201);
        const twice = await make('one');
        const detail = 'The data.ticket field is already taken.';
        assert.deepEqual([twice.status, twice.body.errors[0].detail], [422, detail]);
        assert.equal((await make('two')).status, 201);
        const own = `/v2/carts/${first.body.data.id}`;
        assert.equal((await shopper('PUT', own, { data: { ticket: 'one' } })).status, 200, 'its own value');
        assert.equal((await shopper('PUT', own, { data: { ticket: 'two' } })).status, 422);
        await shopper('DELETE', own);
        assert.equal((await make('one')).status, 201, 'a deleted cart frees its value');
      });
      await withFlow(api, 'cart_items', async (flow) => {
        await fieldOn(api, flow, { slug: 'seat', unique: true });
        const cart = newCart();
        const data = [custom({ sku: 'a', seat: 'A1' }).data, custom({ sku: 'b', seat: 'A1' }).data];
        assert.equal((await shopper('POST', `${cart}/items`, { data })).status, 422);
        assert.deepEqual((await shopper('GET', `${cart}/items`)).body.data, []);
        await fill(api, cart, custom({ sku: 'a', seat: 'A1' }));
        assert.equal((await shopper('POST', `${newCart()}/items`, custom({ sku: 'b', seat: 'A1' }))).status, 422);
      });
    },
  },
  {
    name: 'carts and their lines link to what relationship fields lead to',
    run: async (api) => {
      const { shopper } = api;
      const rule = (type: string) => ({ field_type: 'relationship', validation_rules: [{ type, to: 'product' }] });
      const [one, two] = [await makeProduct(api), await makeProduct(api)];
      await withFlow(api, 'carts', async (flow) => {
        await fieldOn(api, flow, { slug: 'wishes', ...rule('one-to-many') });
        const cart = newCart();
        const url = `${cart}/relationships/wishes`;
        const links = { data: [one, two].map((id) => ({ type: 'product', id })) };
        assert.equal((await shopper('POST', url, links)).status, 404, 'there is no such cart');
        await fill(api, cart, custom({ sku: 'a' }));
        assert.deepEqual((await shopper('POST', url, links)).body, links);
        assert.equal((await shopper('POST', url, { data: [{ type: 'product', id: randomUUID() }] })).status, 404);
        assert.equal((await shopper('POST', `${cart}/relationships/none`, links)).status, 404);
        const shown = (await shopper('GET', cart)).body.data;
        assert.equal(shown.relationships.wishes.data.length, 2);
        assert.equal((await shopper('DELETE', url, { data: [{ type: 'product', id: one }] })).status, 204);
        assert.equal((await shopper('GET', cart)).body.data.relationships.wishes.data[0].id, two);
        const replaced = { data: [{ type: 'product', id: one }] };
        assert.deepEqual((await shopper('PUT', url, replaced)).body, replaced);
      });
      await withFlow(api, 'cart_items', async (flow) => {
        await fieldOn(api, flow, { slug: 'twin', ...rule('one-to-one') });
        const cart = newCart();
        const [line] = await fill(api, cart, custom({ sku: 'a' }));
        const url = `${cart}/items/${line.id}/relationships/twin`;
        const link = { data: { type: 'product', id: one } };
        assert.deepEqual((await shopper('PUT', url, link)).body, link);
        assert.equal((await shopper('PUT', `${cart}/items/${randomUUID()}/relationships/twin`, link)).status, 404);
        const [shown] = (await shopper('GET', `${cart}/items`)).body.data;
        assert.equal(shown.relationships.twin.data.id, one);
        assert.equal((await shopper('DELETE', url)).status, 204);
        const [cleared] = (await shopper('GET', `${cart}/items`)).body.data;
        assert.deepEqual(cleared.relationships.twin, { data: null });
        assert.deepEqual((await shopper('POST', url, link)).body, link);
      });
    },
  },
];
