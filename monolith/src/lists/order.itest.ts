import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enableManual, makeOrder, makeProduct, sampleAddress } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

const moment = '2020-01-01T00:00:00.000001Z';
const earlier = '2020-01-01T00:00:00.000000Z';

/** Descending, so that the order in which rows are written is never the order of their ids. */
const ids = [5, 4, 3, 2, 1].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const ascending = ids.toReversed();
/** Of the lowest moment, which is one microsecond before the others, and the highest id. */
const first = '99999999-0000-4000-8000-000000000000';

describe('rows of one moment are listed by their ids, and a microsecond counts', () => {
  let it: TestShop;
  before(async () => {
    it = await openTestShop();
  });
  after(() => it.close());

  const listed = async (path: string): Promise<string[]> => {
    const { status, body } = await it.admin('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.map(({ id }: { id: string }) => id);
  };
  /** Inserts a row for each id, in descending order of ids. `$1` is the id and `$2` the moment. */
  const insert = async (text: string, ...values: unknown[]) => {
    for (const id of ids) await it.shop.db.query(text, [id, moment, ...values]);
    await it.shop.db.query(text, [first, earlier, ...values]);
  };

  test('customers', async () => {
    await insert(
      `insert into customers (id, created_at, name, email) values ($1::uuid, $2, 'Same', $1::uuid || '@a.b')`,
    );
    assert.deepEqual(await listed('/v2/customers'), [first, ...ascending]);
    assert.deepEqual(await listed('/v2/customers?sort=name'), [first, ...ascending]);
    assert.deepEqual(await listed('/v2/customers?sort=-name'), [...ids, first]);
    assert.deepEqual(await listed('/v2/customers?page[limit]=2&page[offset]=2'), ascending.slice(1, 3));
  });

  test('customers by a text: A to Z ignore case, other letters do not', async () => {
    const names = ['b', 'A', 'Z', 'a', 'É', 'é'];
    for (const [n, name] of names.entries()) {
      await it.shop.db.query(`insert into customers (name, email, created_at) values ($1, $2, '2021-01-01')`, [
        name,
        `${n}@sorted.com`,
      ]);
    }
    const sorted = await it.admin('GET', '/v2/customers?sort=name&filter=like(email,*sorted.com)');
    const [one, two, ...rest] = sorted.body.data.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      [[one, two].sort(), rest],
      [
        ['A', 'a'],
        ['b', 'Z', 'É', 'é'],
      ],
    );
  });

  test('addresses', async () => {
    const made = await it.admin('POST', '/v2/customers', { data: { type: 'customer', name: 'Ada', email: 'ada@a.b' } });
    const { id } = made.body.data;
    await insert(
      `insert into addresses (id, created_at, customer_id, first_name, last_name, line_1, postcode, county, country)
       values ($1, $2, $3, 'A', 'B', 'C', 'D', 'E', 'GB')`,
      id,
    );
    assert.deepEqual(await listed(`/v2/customers/${id}/addresses`), [first, ...ascending]);
  });

  test('orders, newest first', async () => {
    await insert(
      `insert into orders (id, created_at, customer_name, customer_email, currency, with_tax, without_tax, tax,
         billing_address, shipping_address)
       values ($1, $2, 'A', 'b@c.d', 'USD', 1, 1, 0, $3, $3)`,
      JSON.stringify(sampleAddress),
    );
    assert.deepEqual(await listed('/v2/orders'), [...ids, first]);
    assert.deepEqual(await listed('/v2/orders?sort=status'), [first, ...ascending]);
    assert.deepEqual(await listed('/v2/orders?sort=-status'), [...ids, first]);
    assert.deepEqual(await listed('/v2/orders?sort=created_at'), [first, ...ascending]);
  });

  test('products and their stock, and the actions on one', async () => {
    await insert(
      `insert into products (id, created_at, name, slug, sku, manage_stock, commodity_type)
       values ($1::uuid, $2, 'P', $1::uuid::text, $1::uuid::text, true, 'physical')`,
    );
    assert.deepEqual(await listed('/v2/products'), [first, ...ascending]);
    assert.deepEqual(await listed('/v2/inventories'), [first, ...ascending]);
    const wanted = await it.admin('POST', '/v2/inventories/multiple', { data: [first, ...ids].map((id) => ({ id })) });
    assert.deepEqual(
      wanted.body.data.map(({ id }: { id: string }) => id),
      [first, ...ascending],
    );
    await insert(
      `insert into stock_transactions (id, created_at, product_id, action, quantity) values ($1, $2, $3, 'create', 1)`,
      first,
    );
    assert.deepEqual(await listed(`/v2/inventories/${first}/transactions`), [first, ...ascending]);
  });

  test('the transactions of an order', async () => {
    await enableManual(it);
    const order = await makeOrder(it, 'payer', await makeProduct(it));
    await insert(
      `insert into transactions (id, created_at, order_id, gateway, reference, amount, currency, transaction_type, status)
       values ($1, $2, $3, 'manual', 'manual', 1, 'USD', 'purchase', 'complete')`,
      order,
    );
    assert.deepEqual(await listed(`/v2/orders/${order}/transactions`), [first, ...ascending]);
  });

  test('lines of a cart, their taxes, and items of an order by their positions', async () => {
    const product = await makeProduct(it);
    const order = await makeOrder(it, 'lines', product);
    const custom = { type: 'custom_item', name: 'Wrap', price: { amount: 1 }, quantity: 1 };
    for (const sku of ['a', 'b', 'c']) {
      assert.equal((await it.admin('POST', '/v2/carts/lines/items', { data: { ...custom, sku } })).status, 201);
    }
    const lines = await listed('/v2/carts/lines/items');
    const taxes = `/v2/carts/lines/items/${lines[0]}/taxes`;
    for (const code of ['x', 'y', 'z']) {
      const tax = await it.admin('POST', taxes, { data: { type: 'tax_item', code, rate: 0.1 } });
      assert.equal(tax.status, 201);
    }
    const codes = async () => {
      const { body } = await it.admin('GET', '/v2/carts/lines/items');
      return body.included.tax_items.map(({ code }: { code: string }) => code);
    };
    assert.deepEqual(await codes(), ['x', 'y', 'z']);
    // Ids and moments say nothing: only positions are turned around.
    for (const table of ['cart_items', 'cart_item_taxes'])
      await it.shop.db.query(`update ${table} set position = -position`);
    assert.deepEqual(await listed('/v2/carts/lines/items'), lines.toReversed());
    assert.deepEqual(await codes(), ['z', 'y', 'x']);

    const bought = await it.admin('POST', '/v2/carts/lines/checkout', {
      data: {
        customer: { name: 'A', email: 'a@b.c' },
        billing_address: sampleAddress,
        shipping_address: sampleAddress,
      },
    });
    const items = `/v2/orders/${bought.body.data.id}/items`;
    const names = async () => (await it.admin('GET', items)).body.data.map(({ sku }: { sku: string }) => sku);
    const skus = await names();
    assert.deepEqual(skus.slice(0, 3), ['c', 'b', 'a']);
    await it.shop.db.query('update order_items set position = -position');
    assert.deepEqual(await names(), skus.toReversed());
    assert.equal((await listed(`/v2/orders/${order}/items`)).length, 1);
  });
});
