import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress, signUp } from './buyers.ts';
import { between, type FieldPlan, fieldOf, relation, sources, withFields } from './flows-goods.ts';
import { makeProduct } from './goods.ts';
import { guest, makeOrder, orderOf } from './orders-goods.ts';

/** Brands and carts have cases of their own. */
const plan: FieldPlan = {
  grade: { field_type: 'integer', validation_rules: [between], order: 1001 },
  hidden: { omit_null: true, order: 1002 },
  goes_with: { order: 1003, ...relation('one-to-many', 'product') },
};

interface Kind {
  flow: string;
  /** The path of the list. */
  list: string;
  /** A body of a new one. Each is another. */
  data(): Record<string, unknown>;
}

async function kinds(api: Api): Promise<Kind[]> {
  const { id } = await signUp(api);
  const named = (flow: string, type: string): Kind => ({
    ...{ flow, list: `/v2/${flow}` },
    data: () => ({ type, name: type, slug: randomUUID(), status: 'live' }),
  });
  const product = {
    ...{ type: 'product', name: 'P', description: '', manage_stock: false, status: 'live', price: [] },
    commodity_type: 'digital',
  };
  const promotion = {
    ...{ type: 'promotion', name: 'P', description: '', enabled: false, promotion_type: 'fixed_discount' },
    ...{ schema: { currencies: [{ currency: 'USD', amount: 5 }] }, start: '2018-01-01', end: '2099-01-01' },
  };
  const email = () => `${randomUUID()}@example.com`;
  const addresses = `/v2/customers/${id}/addresses`;
  return [
    { flow: 'products', list: '/v2/products', data: () => ({ ...product, slug: randomUUID(), sku: randomUUID() }) },
    named('categories', 'category'),
    named('collections', 'collection'),
    { flow: 'customers', list: '/v2/customers', data: () => ({ type: 'customer', name: 'Ada', email: email() }) },
    { flow: 'addresses', list: addresses, data: () => ({ type: 'address', ...sampleAddress }) },
    { flow: 'promotions', list: '/v2/promotions', data: () => promotion },
  ];
}

/** Runs `work` for each kind of entity, while it has the fields. */
async function forEachKind(api: Api, flows: readonly string[], work: (kind: Kind) => Promise<void>): Promise<void> {
  for (const kind of await kinds(api)) {
    if (flows.includes(kind.flow)) await withFields(api, kind.flow, plan, () => work(kind));
  }
}

/** The last page of a list; of a list without pages, all of it. */
async function lastPage({ admin }: Api, list: string) {
  const { total } = (await admin('GET', `${list}?page[limit]=1`)).body.meta?.results ?? { total: 0 };
  return (await admin('GET', `${list}?page[limit]=100&page[offset]=${Math.max(0, total - 100)}`)).body.data;
}

/** @param called what the cases call the entities of these flows */
const casesOf = (called: string, flows: readonly string[]): Case[] => [
  {
    name: `fields of ${called} are members: written with the entity, shown in replies, lists and attributes`,
    run: (api) =>
      forEachKind(api, flows, async ({ list, data, flow }) => {
        const { admin } = api;
        const made = await admin('POST', list, { data: { ...data(), grade: 3 } });
        assert.equal(made.status, 201, `${list} ${JSON.stringify(made.body)}`);
        const { id, grade } = made.body.data;
        assert.deepEqual([grade, 'hidden' in made.body.data], [3, false], list);
        const read = (await admin('GET', `${list}/${id}`)).body.data;
        assert.deepEqual([read.grade, read.relationships.goes_with], [3, { data: [] }], list);
        const changed = await admin('PUT', `${list}/${id}`, { data: { grade: 4, hidden: 'now' } });
        assert.deepEqual([changed.status, changed.body.data.grade, changed.body.data.hidden], [200, 4, 'now'], list);
        const shown = (await lastPage(api, list)).find((each: { id: string }) => each.id === id);
        assert.deepEqual([shown?.grade, shown?.hidden], [4, 'now'], list);
        assert.equal((await admin('PUT', `${list}/${id}`, { data: { grade: null } })).body.data.grade, null, list);
        if (flow === 'addresses') return;
        const attributes = (await admin('GET', `${list}/attributes`)).body.data;
        assert.ok(
          attributes.some(({ value }: { value: string }) => value === 'grade'),
          list,
        );
      }),
  },
  {
    name: `fields of ${called} are checked, and then nothing is written`,
    run: (api) =>
      forEachKind(api, flows, async ({ list, data }) => {
        const { admin } = api;
        const one = data();
        const refused = await admin('POST', list, { data: { ...one, grade: 9 } });
        assert.deepEqual([refused.status, sources(refused)], [422, ['data.grade']], list);
        const made = await admin('POST', list, { data: one });
        assert.equal(made.status, 201, `${list}: the refused one left nothing behind`);
        const path = `${list}/${made.body.data.id}`;
        const wrong = await admin('PUT', path, { data: { name: 'New', grade: 'x' } });
        assert.deepEqual([wrong.status, sources(wrong)], [422, ['data.grade']], list);
        assert.notEqual((await admin('GET', path)).body.data.name, 'New', list);
      }),
  },
  {
    name: `fields of ${called} link on the path of the entity, with includes`,
    run: async (api) => {
      const { admin, shopper } = api;
      const [product, other] = [await makeProduct(api), await makeProduct(api)];
      const link = (id: string) => ({ type: 'product', id });
      await forEachKind(api, flows, async ({ list, data }) => {
        const { id } = (await admin('POST', list, { data: data() })).body.data;
        const path = `${list}/${id}/relationships/goes_with`;
        const links = { data: [link(product)] };
        const added = await admin('POST', path, links);
        assert.deepEqual([added.status, added.body], [200, links], `${list} ${JSON.stringify(added.body)}`);
        const read = (await admin('GET', `${list}/${id}?include=goes_with`)).body;
        assert.deepEqual(read.data.relationships.goes_with, links, list);
        assert.equal(read.included.products[0].id, product, list);
        const replaced = await admin('PUT', path, { data: [link(other)] });
        assert.deepEqual([replaced.status, replaced.body], [200, { data: [link(other)] }], list);
        const unknown = `${list}/${randomUUID()}/relationships/goes_with`;
        assert.equal((await admin('POST', unknown, links)).status, 404, list);
        assert.equal((await admin('POST', path, { data: [link(randomUUID())] })).status, 404, list);
        assert.equal((await shopper('POST', path, links)).status, 403, list);
        assert.equal((await admin('DELETE', path, { data: [link(other)] })).status, 204, list);
        assert.deepEqual((await admin('GET', `${list}/${id}`)).body.data.relationships.goes_with, { data: [] }, list);
      });
    },
  },
];

/** Those that have a service have cases of their own. */
export const customerFieldCases = casesOf('customers and addresses', ['customers', 'addresses']);

export const coreFieldCases: Case[] = [
  ...casesOf('core entities', ['products', 'categories', 'collections', 'promotions']),
  {
    name: 'fields of orders are given at checkout or later, and those of their items link',
    run: async (api) => {
      const { admin, shopper } = api;
      const product = await makeProduct(api);
      await withFields(api, 'orders', plan, async () => {
        const order = await makeOrder(api, randomUUID(), product);
        const path = `/v2/orders/${order}`;
        const changed = await admin('PUT', path, { data: { type: 'order', grade: 2 } });
        assert.deepEqual([changed.status, changed.body.data.grade], [200, 2]);
        assert.equal((await admin('GET', `/v2/orders?filter=eq(id,${order})`)).body.data[0].grade, 2);
        assert.equal((await admin('PUT', path, { data: { grade: 0 } })).status, 422);
        const cart = randomUUID();
        const line = { type: 'cart_item', id: product, quantity: 1 };
        await shopper('POST', `/v2/carts/${cart}/items`, { data: line });
        const checkout = (grade: number) =>
          shopper('POST', `/v2/carts/${cart}/checkout`, { data: { ...guest, grade } });
        assert.deepEqual(sources(await checkout(6)), ['data.grade']);
        assert.equal((await checkout(5)).body.data.grade, 5);
        await linksOf(api, `${path}/relationships/goes_with`, product);
        const { included } = (await admin('GET', `${path}?include=items,goes_with`)).body;
        assert.deepEqual([included.items.length, included.products[0].id], [1, product]);
      });
      await withFields(api, 'order_items', plan, async () => {
        const order = await orderOf(api);
        const [item] = (await admin('GET', `/v2/orders/${order}/items`)).body.data;
        assert.equal(item.grade, null);
        await linksOf(api, `/v2/orders/${order}/items/${item.id}/relationships/goes_with`, product);
        const read = (await admin('GET', `/v2/orders/${order}/items?include=goes_with`)).body;
        assert.equal(read.included.products[0].id, product);
      });
    },
  },
  {
    name: 'fields of core entities with the name of a member are refused, and disabled flows show none',
    run: async (api) => {
      const { admin } = api;
      await withFields(api, 'products', plan, async (flow) => {
        for (const slug of ['sku', 'meta', 'weight', 'brands', 'relationships']) {
          const reply = await admin('POST', '/v2/fields', { data: fieldOf(flow, { slug }) });
          assert.deepEqual([reply.status, sources(reply)], [422, ['data.slug']], slug);
        }
        const product = await makeProduct(api, { grade: 1 });
        const shown = async () => (await admin('GET', `/v2/products/${product}`)).body.data;
        try {
          await admin('PUT', `/v2/flows/${flow}`, { data: { enabled: false } });
          assert.equal('grade' in (await shown()), false);
        } finally {
          await admin('PUT', `/v2/flows/${flow}`, { data: { enabled: true } });
        }
        assert.equal((await shown()).grade, 1);
      });
    },
  },
];

/** Adds, replaces and removes links on a path that only administrators may change, and leaves one link. */
async function linksOf({ admin, shopper }: Api, path: string, product: string): Promise<void> {
  const links = { data: [{ type: 'product', id: product }] };
  assert.equal((await shopper('POST', path, links)).status, 403);
  assert.deepEqual((await admin('POST', path, links)).body, links);
  assert.equal((await admin('DELETE', path)).status, 204);
  assert.deepEqual((await admin('PUT', path, links)).body, links);
}
