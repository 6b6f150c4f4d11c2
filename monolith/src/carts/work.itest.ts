import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, mock, test } from 'node:test';
import pg from 'pg';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type Reply, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

/** The most statements that one request may send, whatever its body. */
const maxStatements = 25;
const hundred = <T>(make: (index: number) => T): T[] => Array.from({ length: 100 }, (_, index) => make(index));
const custom = (index: number) => ({ type: 'custom_item', name: 'x', sku: `line-${index}`, price: { amount: 1 } });

async function cartOf(lines: number): Promise<string> {
  const id = randomUUID();
  const data = hundred(custom).slice(0, lines);
  assert.equal((await it.shopper('POST', `/v2/carts/${id}/items`, { data })).status, 201);
  return id;
}

async function statementsOf(work: () => Promise<Reply>): Promise<{ reply: Reply; statements: number }> {
  const query = mock.method(pg.Client.prototype, 'query');
  try {
    return { reply: await work(), statements: query.mock.callCount() };
  } finally {
    query.mock.restore();
  }
}

describe('the number of statements of one request', () => {
  const add = (data: unknown, cart: string = randomUUID()) => it.admin('POST', `/v2/carts/${cart}/items`, { data });

  test('is bounded for a hundred merges of one cart of a hundred lines', async () => {
    const source = await cartOf(100);
    const { reply, statements } = await statementsOf(() =>
      add(hundred(() => ({ type: 'cart_items', cart_id: source }))),
    );
    assert.equal(reply.status, 201);
    assert.deepEqual([reply.body.data.length, reply.body.data[0].quantity], [100, 1]);
    assert.equal(reply.body.errors.length, 99);
    assert.match(reply.body.errors[0].detail, /at most 100 lines/);
    assert.ok(statements <= maxStatements, `${statements}`);
  });

  test('is bounded for lists of products, custom items, quantities and taxes', async () => {
    const cart = randomUUID();
    const ids = await Promise.all(hundred(() => makeProduct(it, { manage_stock: true, stock: 5 })));
    const products = await statementsOf(() =>
      add(
        ids.map((id) => ({ type: 'cart_item', id, quantity: 1 })),
        cart,
      ),
    );
    assert.equal(products.reply.body.data.length, 100);
    assert.deepEqual(
      products.reply.body.data.map((line: { product_id: string }) => line.product_id),
      ids,
      'in the order of the list',
    );
    const customs = await statementsOf(() => add(hundred(custom)));
    const lines: { id: string }[] = products.reply.body.data;
    const changes = lines.map(({ id }) => ({ type: 'cart_item', id, quantity: 2 }));
    const quantities = await statementsOf(() => it.shopper('PUT', `/v2/carts/${cart}/items`, { data: changes }));
    const tax = { type: 'tax_item', rate: 0.1 };
    const taxed = lines.map(({ id }) => ({ ...tax, relationships: { item: { data: { type: 'cart_item', id } } } }));
    const taxes = await statementsOf(() => it.admin('POST', `/v2/carts/${cart}/taxes`, { data: taxed }));
    for (const { reply, statements } of [products, customs, quantities, taxes]) {
      assert.ok(reply.status < 300 && reply.body.errors === undefined, JSON.stringify(reply.body.errors));
      assert.ok(statements <= maxStatements, `${statements}`);
    }
    const { body } = await it.shopper('GET', `/v2/carts/${cart}/items`);
    assert.ok(body.data.every((line: { quantity: number }) => line.quantity === 2));
    assert.equal(body.included.tax_items.length, 100);
    const put = await it.shopper('PUT', `/v2/carts/${cart}/items`, { data: changes });
    const stored = await it.shopper('GET', `/v2/carts/${cart}/items`);
    assert.equal(JSON.stringify(put.body), JSON.stringify(stored.body), 'the reply equals the stored cart');
  });

  test('is bounded for a list of carts', async () => {
    for (let index = 0; index < 10; index += 1) await it.admin('POST', '/v2/carts', { data: { name: `${index}` } });
    const { reply, statements } = await statementsOf(() => it.admin('GET', '/v2/carts'));
    assert.ok(reply.body.data.length > 10);
    assert.ok(statements <= maxStatements, `${statements}`);
    const [filled] = reply.body.data.filter(({ relationships }: { relationships: object }) => 'items' in relationships);
    assert.deepEqual((await it.admin('GET', `/v2/carts/${filled.id}`)).body.data, filled);
  });

  test('counts the lines of all merged carts together', async () => {
    const [first, second] = [await cartOf(60), await cartOf(50)];
    const merges = [first, second].map((id) => ({ type: 'cart_items', cart_id: id }));
    const both = await add(merges);
    assert.deepEqual([both.body.data.length, both.body.errors.length], [60, 1]);
    const whole = { data: merges, options: { add_all_or_nothing: true } };
    assert.equal((await it.admin('POST', `/v2/carts/${randomUUID()}/items`, whole)).status, 400);
  });

  test('ends with a step that fails: a merge is added wholly or not at all', async () => {
    const source = randomUUID();
    const gone = await makeProduct(it);
    await add([custom(1), { type: 'cart_item', id: gone, quantity: 1 }], source);
    assert.equal((await it.admin('DELETE', `/v2/products/${gone}`)).status, 204);
    const { status, body } = await add([{ type: 'cart_items', cart_id: source }, custom(2)]);
    assert.equal(status, 201);
    assert.deepEqual(
      body.data.map((line: { sku: string }) => line.sku),
      ['line-2'],
    );
    assert.equal(body.errors[0].status, 404);
  });

  test('is bounded for links and stock', async () => {
    const ids = Array.from({ length: 1_001 }, () => ({ id: randomUUID() }));
    assert.equal((await it.shopper('POST', '/v2/inventories/multiple', { data: ids })).status, 400);
    assert.equal((await it.shopper('POST', '/v2/inventories/multiple', { data: ids.slice(1) })).status, 200);
    const files = `/v2/products/${await makeProduct(it)}/relationships/files`;
    assert.equal((await it.admin('POST', files, { data: ids })).status, 400);
    // Read, and not found: the number is no fault.
    assert.equal((await it.admin('POST', files, { data: ids.slice(1) })).status, 404);
  });
});

describe('the lines of an order, ordered again', () => {
  const orderOf = async (cart: string, headers = {}) => {
    const address = { first_name: 'A', last_name: 'B', line_1: '1', postcode: '1', county: 'X', country: 'GB' };
    const data = { customer: { name: 'Ada', email: 'ada@example.com' }, billing_address: address };
    const { status, body } = await it.shopper('POST', `/v2/carts/${cart}/checkout`, { data }, headers);
    assert.equal(status, 201);
    return body.data.id as string;
  };
  const again = (id: string, options = {}, cart: string = randomUUID()) =>
    it.admin('POST', `/v2/carts/${cart}/items`, { data: { type: 'order_items', order_id: id }, options });

  test('are added to a cart: products at today’s price, custom items unchanged', async () => {
    const [cart, product] = [randomUUID(), await makeProduct(it)];
    await it.shopper('POST', `/v2/carts/${cart}/items`, { data: { type: 'cart_item', id: product, quantity: 3 } });
    await it.shopper('POST', `/v2/carts/${cart}/items`, { data: { ...custom(1), quantity: 2 } });
    const order = await orderOf(cart);
    const price = [{ amount: 2000, currency: 'USD' }];
    await it.admin('PUT', `/v2/products/${product}`, { data: { type: 'product', price } });
    const { status, body } = await again(order);
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(
      body.data.map((line: Record<string, unknown>) => [line.type, line.quantity, line.sku, line.unit_price]),
      [
        ['cart_item', 3, body.data[0].sku, { amount: 2000, currency: 'USD', includes_tax: true }],
        ['custom_item', 2, 'line-1', { amount: 1, currency: 'USD', includes_tax: true }],
      ],
    );
    assert.equal(body.data[0].product_id, product);
  });

  test('are added in part, or all-or-nothing', async () => {
    const [cart, gone] = [randomUUID(), await makeProduct(it)];
    await fill(cart, [{ type: 'cart_item', id: gone, quantity: 1 }, custom(1)]);
    const order = await orderOf(cart);
    await it.admin('DELETE', `/v2/products/${gone}`);
    const some = await again(order);
    assert.equal(some.status, 201);
    assert.deepEqual([some.body.data.length, some.body.errors.length, some.body.errors[0].status], [1, 1, 404]);
    assert.equal((await again(order, { add_all_or_nothing: true })).status, 404);
  });

  test('are those of an order that the client may see', async () => {
    const cart = randomUUID();
    await fill(cart, [custom(1)]);
    const order = await orderOf(cart);
    const data = { type: 'order_items', order_id: order };
    assert.equal((await it.shopper('POST', `/v2/carts/${randomUUID()}/items`, { data })).status, 403);
    assert.equal((await again(randomUUID())).status, 404);
    assert.equal((await again('nonsense')).status, 404);
    assert.equal((await it.admin('POST', `/v2/carts/${cart}/items`, { data: { type: 'order_items' } })).status, 422);
  });

  async function fill(cart: string, data: unknown[]): Promise<void> {
    assert.equal((await it.shopper('POST', `/v2/carts/${cart}/items`, { data })).status, 201);
  }
});
