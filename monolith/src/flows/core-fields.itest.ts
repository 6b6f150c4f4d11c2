import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeOrder, makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type Reply, type TestShop } from '../testing/open-shop.ts';
import { fieldOn, flowNamed } from './testing.ts';

let it: TestShop;
const sources = ({ body }: Reply) => body.errors.map((one: { source: string }) => one.source);
const toProduct = (type: string) => ({ field_type: 'relationship', validation_rules: [{ type, to: 'product' }] });

before(async () => {
  it = await openTestShop();
  for (const flow of ['products', 'categories', 'brands', 'collections', 'customers', 'addresses', 'orders']) {
    await flowNamed(it, flow);
    await fieldOn(it, flow, { slug: 'grade', field_type: 'integer', validation_rules: [between], order: 1 });
    await fieldOn(it, flow, { slug: 'hidden', omit_null: true, order: 2 });
    await fieldOn(it, flow, { slug: 'goes_with', order: 3, ...toProduct('one-to-many') });
  }
});
after(() => it.close());

const between = { type: 'between', options: { from: 1, to: 5 } };

/** An entity of each kind: the path of the list, the path of one, and a body. */
async function entities(): Promise<[list: string, one: (id: string) => string, data: Record<string, unknown>][]> {
  const customer = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com` };
  const { id } = (await it.admin('POST', '/v2/customers', { data: customer })).body.data;
  const named = (type: string) => ({ type, name: type, slug: randomUUID(), status: 'live' });
  const product = {
    ...{ type: 'product', name: 'P', slug: randomUUID(), sku: randomUUID(), description: '', manage_stock: false },
    ...{ status: 'live', commodity_type: 'digital', price: [] },
  };
  const addresses = `/v2/customers/${id}/addresses`;
  const below = (list: string) => (one: string) => `${list}/${one}`;
  return [
    ['/v2/products', below('/v2/products'), product],
    ['/v2/categories', below('/v2/categories'), named('category')],
    ['/v2/brands', below('/v2/brands'), named('brand')],
    ['/v2/collections', below('/v2/collections'), named('collection')],
    ['/v2/customers', below('/v2/customers'), { ...customer, email: `${randomUUID()}@example.com` }],
    [addresses, below(addresses), { type: 'address', ...sampleAddress }],
  ];
}

describe('fields of core entities', () => {
  test('are members of the entity: written with it, shown in each reply and in lists', async () => {
    for (const [list, one, data] of await entities()) {
      const made = await it.admin('POST', list, { data: { ...data, grade: 3 } });
      assert.equal(made.status, 201, `${list} ${JSON.stringify(made.body)}`);
      const { id, grade } = made.body.data;
      assert.equal(grade, 3, list);
      assert.equal('hidden' in made.body.data, false, list);
      const read = (await it.admin('GET', one(id))).body.data;
      assert.deepEqual([read.grade, read.relationships.goes_with], [3, { data: [] }], list);
      const changed = await it.admin('PUT', one(id), { data: { grade: 4, hidden: 'now' } });
      assert.deepEqual([changed.status, changed.body.data.grade, changed.body.data.hidden], [200, 4, 'now'], list);
      const shown = (await it.admin('GET', list)).body.data.find((each: { id: string }) => each.id === id);
      assert.deepEqual([shown.grade, shown.hidden], [4, 'now'], list);
      assert.equal((await it.admin('PUT', one(id), { data: { grade: null } })).body.data.grade, null, list);
    }
  });

  test('are validated, and then nothing is written', async () => {
    for (const [list, one, data] of await entities()) {
      const refused = await it.admin('POST', list, { data: { ...data, grade: 9 } });
      assert.deepEqual([refused.status, sources(refused)], [422, ['data.grade']], list);
      const made = await it.admin('POST', list, { data });
      assert.equal(made.status, 201, `${list}: the refused one left nothing behind`);
      const wrong = await it.admin('PUT', one(made.body.data.id), { data: { name: 'New', grade: 'x' } });
      assert.deepEqual([wrong.status, sources(wrong)], [422, ['data.grade']], list);
      assert.notEqual((await it.admin('GET', one(made.body.data.id))).body.data.name, 'New', list);
    }
  });

  test('link entities, on the path of the entity, with includes', async () => {
    const product = await makeProduct(it);
    for (const [list, one, data] of await entities()) {
      const { id } = (await it.admin('POST', list, { data })).body.data;
      const path = `${one(id)}/relationships/goes_with`;
      const links = [{ type: 'product', id: product }];
      const added = await it.admin('POST', path, { data: links });
      assert.deepEqual([added.status, added.body], [200, { data: links }], `${list} ${JSON.stringify(added.body)}`);
      const read = (await it.admin('GET', `${one(id)}?include=goes_with`)).body;
      assert.deepEqual(read.data.relationships.goes_with, { data: links }, list);
      assert.equal(read.included.products[0].id, product, list);
      assert.equal(
        (await it.admin('POST', `${one(randomUUID())}/relationships/goes_with`, { data: links })).status,
        404,
      );
      assert.equal((await it.shopper('POST', path, { data: links })).status, 403, list);
      assert.equal((await it.admin('DELETE', path, { data: links })).status, 204, list);
      assert.deepEqual((await it.admin('GET', one(id))).body.data.relationships.goes_with, { data: [] }, list);
    }
  });

  test('of carts and lines link entities too; shoppers do not see customers through a link', async () => {
    const email = `${randomUUID()}@example.com`;
    const customer = { type: 'customer', name: 'Eve', email };
    const { id } = (await it.admin('POST', '/v2/customers', { data: customer })).body.data;
    await flowNamed(it, 'carts');
    await flowNamed(it, 'cart_items');
    const to = (target: string) => ({
      field_type: 'relationship',
      validation_rules: [{ type: 'one-to-one', to: target }],
    });
    await fieldOn(it, 'carts', { slug: 'seller', ...to('customer') });
    await fieldOn(it, 'cart_items', { slug: 'for_product', ...to('product') });
    const product = await makeProduct(it);
    const cart = `/v2/carts/${randomUUID()}`;
    const line = { type: 'cart_item', id: product, quantity: 1 };
    const [item] = (await it.shopper('POST', `${cart}/items`, { data: line })).body.data;
    const seller = { type: 'customer', id };
    assert.equal((await it.shopper('PUT', `${cart}/relationships/seller`, { data: seller })).status, 200);
    const link = { type: 'product', id: product };
    const linked = await it.shopper('PUT', `${cart}/items/${item.id}/relationships/for_product`, { data: link });
    assert.deepEqual([linked.status, linked.body.data], [200, link]);
    const seen = (await it.admin('GET', `${cart}?include=items,seller`)).body;
    assert.deepEqual([seen.included.customers[0].email, seen.included.items.length], [email, 1]);
    assert.equal((await it.shopper('GET', `${cart}?include=seller`)).body.included, undefined);
    const items = (await it.shopper('GET', `${cart}/items?include=for_product`)).body;
    assert.deepEqual([items.data[0].relationships.for_product.data, items.included.products[0].id], [link, product]);
    assert.equal((await it.admin('DELETE', '/v2/flows/carts')).status, 204);
    assert.equal((await it.admin('DELETE', '/v2/flows/cart_items')).status, 204);
  });

  test('of orders are given at checkout or later', async () => {
    const order = await makeOrder(it, randomUUID(), await makeProduct(it));
    const changed = await it.admin('PUT', `/v2/orders/${order}`, { data: { type: 'order', grade: 2 } });
    assert.deepEqual([changed.status, changed.body.data.grade], [200, 2]);
    assert.equal((await it.admin('GET', '/v2/orders')).body.data[0].grade, 2);
    assert.equal((await it.admin('PUT', `/v2/orders/${order}`, { data: { grade: 0 } })).status, 422);
    const cart = randomUUID();
    await it.shopper('POST', `/v2/carts/${cart}/items`, {
      data: { type: 'cart_item', id: await makeProduct(it), quantity: 1 },
    });
    const buyer = { customer: { name: 'A', email: 'a@example.com' }, billing_address: sampleAddress };
    const checkout = (grade: number) => it.admin('POST', `/v2/carts/${cart}/checkout`, { data: { ...buyer, grade } });
    assert.deepEqual(sources(await checkout(6)), ['data.grade']);
    assert.equal((await checkout(5)).body.data.grade, 5);
  });

  test('of carts and their lines are sent with them, and go on to the items of the order', async () => {
    for (const flow of ['carts', 'cart_items', 'order_items']) {
      await flowNamed(it, flow);
      await fieldOn(it, flow, { slug: 'note' });
    }
    await fieldOn(it, 'cart_items', { slug: 'size', field_type: 'integer', required: true });
    const [product, other] = [await makeProduct(it), await makeProduct(it)];
    const cart = `/v2/carts/${randomUUID()}`;
    const line = (members: object) => ({ type: 'cart_item', id: product, quantity: 1, ...members });
    const add = (data: unknown) => it.shopper('POST', `${cart}/items`, { data });
    assert.deepEqual(sources(await add(line({ note: 'x' }))), ['data.size']);
    const added = await add([line({ note: 'red', size: 1 }), line({ id: other, size: 'big' })]);
    assert.deepEqual([added.status, added.body.data.length, sources(added)], [201, 1, ['data.size']]);
    assert.deepEqual([added.body.data[0].note, added.body.data[0].size], ['red', 1]);
    const again = await add(line({ note: 'blue' }));
    assert.deepEqual([again.body.data[0].quantity, again.body.data[0].note], [2, 'blue'], JSON.stringify(again.body));
    const { id } = again.body.data[0];
    const changed = await it.shopper('PUT', `${cart}/items/${id}`, { data: { quantity: 3, note: 'green' } });
    assert.deepEqual([changed.body.data[0].note, changed.body.data[0].size], ['green', 1]);
    assert.equal((await it.shopper('PUT', `${cart}/items/${id}`, { data: { quantity: 3, note: 5 } })).status, 422);
    const custom = await add({ type: 'custom_item', name: 'C', price: { amount: 1 }, size: 7 });
    assert.equal(custom.body.data[1].size, 7);
    const named = await it.shopper('PUT', cart, { data: { note: 'gift' } });
    assert.deepEqual([named.status, named.body.data.note], [200, 'gift']);
    assert.equal((await it.shopper('GET', cart)).body.data.note, 'gift');
    const target = `/v2/carts/${randomUUID()}`;
    const merge = { type: 'cart_items', cart_id: cart.split('/').at(-1) };
    const merged = await it.shopper('POST', `${target}/items`, { data: merge });
    assert.deepEqual([merged.status, merged.body.data[0].note, merged.body.data[1].size], [201, 'green', 7]);
    const buyer = { customer: { name: 'A', email: 'a@example.com' }, billing_address: sampleAddress };
    const order = await it.shopper('POST', `${cart}/checkout`, { data: buyer });
    assert.deepEqual([order.status, order.body.included.items[0].note], [201, 'green']);
  });

  test('with the name of a member are refused, and disabled ones are not there', async () => {
    const flow = (await it.admin('GET', '/v2/flows/products')).body.data.id;
    const data = {
      ...{ type: 'field', name: 'F', field_type: 'string', description: '', required: false },
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    };
    for (const slug of ['sku', 'meta', 'weight', 'brands']) {
      const reply = await it.admin('POST', '/v2/fields', { data: { ...data, slug } });
      assert.deepEqual([reply.status, sources(reply)], [422, ['data.slug']], slug);
    }
    const product = await makeProduct(it, { grade: 1 });
    await it.admin('PUT', '/v2/flows/products', { data: { enabled: false } });
    assert.equal('grade' in (await it.admin('GET', `/v2/products/${product}`)).body.data, false);
    await it.admin('PUT', '/v2/flows/products', { data: { enabled: true } });
    assert.equal((await it.admin('GET', `/v2/products/${product}`)).body.data.grade, 1);
  });
});
