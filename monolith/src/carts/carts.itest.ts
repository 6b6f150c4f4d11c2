import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { plainPng } from '../seed/png.ts';
import { uploadFile } from '../testing/forms.ts';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
  const euro = { code: 'EUR', format: '€{price}', decimal_point: ',', thousand_separator: '.', decimal_places: 2 };
  const { status } = await it.admin('POST', '/v2/currencies', {
    data: { ...euro, type: 'currency', exchange_rate: 1, default: false, enabled: true },
  });
  assert.equal(status, 201);
});
after(() => it.close());

const newCart = () => `/v2/carts/${randomUUID()}`;
const eur = { 'x-moltin-currency': 'EUR' };
const product = (id: string, quantity?: unknown, more = {}) => ({ data: { type: 'cart_item', id, quantity, ...more } });
const custom = (members: Record<string, unknown>) => ({
  data: { type: 'custom_item', name: 'Postage', price: { amount: 250 }, ...members },
});

describe('a cart', () => {
  test('is empty before the first item', async () => {
    const cart = newCart();
    const { status, body } = await it.shopper('GET', cart);
    assert.equal(status, 200);
    assert.deepEqual(body.data.meta.display_price.with_tax, { amount: 0, currency: '', formatted: '0' });
    assert.equal(body.data.meta.timestamps.created_at, '0001-01-01T00:00:00Z');
    assert.deepEqual((await it.shopper('GET', `${cart}/items`)).body.data, []);
    assert.equal((await it.shopper('DELETE', cart)).status, 204);
  });

  test('shows the main image of a product, if shoppers may see it', async () => {
    const cart = newCart();
    const id = await makeProduct(it);
    await it.shopper('POST', `${cart}/items`, custom({ sku: 'post' }));
    for (const isPublic of [true, false]) {
      const image = await uploadFile(it, plainPng(2, 2, [1, 1, 1]), 'chair.png', isPublic);
      await it.admin('PUT', `/v2/products/${id}/relationships/main-image`, { data: { type: 'main_image', id: image } });
      const href = `http://shop.test/files/${image}.png`;
      const none = { mime_type: '', file_name: '', href: '' };
      const shown = isPublic ? { mime_type: 'image/png', file_name: 'chair.png', href } : none;
      const added = (await it.shopper('POST', `${cart}/items`, product(id))).body.data;
      const read = (await it.shopper('GET', `${cart}/items`)).body.data;
      for (const lines of [added, read]) {
        assert.deepEqual(
          lines.map((line: { image: object }) => line.image),
          [none, shown],
        );
      }
    }
  });

  test('takes products and custom items and sums them up', async () => {
    const cart = newCart();
    const id = await makeProduct(it, { name: 'Chair' });
    const { status, body } = await it.shopper('POST', `${cart}/items`, product(id, 2));
    assert.equal(status, 201);
    const [line] = body.data;
    assert.equal(line.type, 'cart_item');
    assert.equal(line.product_id, id);
    assert.equal(line.name, 'Chair');
    assert.deepEqual(line.unit_price, { amount: 1000, currency: 'USD', includes_tax: true });
    assert.deepEqual(line.value, { amount: 2000, currency: 'USD', includes_tax: true });
    assert.equal(line.meta.display_price.with_tax.unit.formatted, '$10.00');
    assert.deepEqual(line.image, { mime_type: '', file_name: '', href: '' });

    await it.shopper('POST', `${cart}/items`, custom({ sku: 'post', quantity: 1 }));
    const again = await it.shopper('POST', `${cart}/items`, product(id));
    assert.deepEqual(
      again.body.data.map((item: { quantity: number }) => item.quantity),
      [3, 1],
    );
    assert.equal(again.body.meta.display_price.with_tax.amount, 3250);
    const { data, included } = (await it.shopper('GET', `${cart}?include=items`)).body;
    assert.equal(data.meta.display_price.with_tax.formatted, '$32.50');
    assert.equal(included.items.length, 2);
    assert.equal(data.relationships.items.data.length, 2);
  });

  test('changes and removes its lines', async () => {
    const cart = newCart();
    const added = await it.shopper('POST', `${cart}/items`, product(await makeProduct(it)));
    const line = `${cart}/items/${added.body.data[0].id}`;
    const changed = await it.shopper('PUT', line, { data: { type: 'cart_item', quantity: 4 } });
    assert.equal(changed.body.data[0].quantity, 4);
    const zero = await it.shopper('PUT', line, { data: { type: 'cart_item', quantity: 0 } });
    assert.deepEqual(zero.body.data, []);
    assert.equal((await it.shopper('PUT', line, { data: { type: 'cart_item', quantity: 0 } })).status, 200, 'again');
    assert.equal((await it.shopper('PUT', line, { data: { type: 'cart_item', quantity: 1 } })).status, 404);
    const gone = await it.shopper('DELETE', line);
    assert.equal(gone.status, 404);
    assert.equal(gone.body.errors[0].detail, "The Item doesn't exist in the cart");

    await it.shopper('POST', `${cart}/items`, custom({ sku: 'a' }));
    const two = await it.shopper('POST', `${cart}/items`, custom({ sku: 'b' }));
    const bulk = two.body.data.map(({ id }: { id: string }, index: number) => ({
      type: 'cart_item',
      id,
      quantity: 5 + index,
    }));
    const changes = await it.shopper('PUT', `${cart}/items`, { data: bulk });
    assert.deepEqual(
      changes.body.data.map((item: { quantity: number }) => item.quantity),
      [5, 6],
    );
    assert.equal((await it.shopper('DELETE', `${cart}/items/${bulk[0].id}`)).body.data.length, 1);
    assert.deepEqual((await it.shopper('DELETE', `${cart}/items`)).body.data, []);
  });

  test('finds a product by its SKU, wherever the client puts it', async () => {
    await makeProduct(it, { sku: 'BY-SKU' });
    const cart = newCart();
    assert.equal((await it.shopper('POST', `${cart}/items`, product('BY-SKU'))).status, 201);
    const bySku = await it.shopper('POST', `${cart}/items`, {
      data: { type: 'cart_item', sku: 'BY-SKU', quantity: 1 },
    });
    assert.equal(bySku.body.data[0].quantity, 2);
  });

  test('accepts lists, in part or all-or-nothing', async () => {
    const good = { type: 'cart_item', id: await makeProduct(it), quantity: 1 };
    const bad = { type: 'cart_item', id: randomUUID(), quantity: 1 };
    const cart = newCart();
    const some = await it.shopper('POST', `${cart}/items`, { data: [good, bad] });
    assert.equal(some.status, 201);
    assert.equal(some.body.data.length, 1);
    assert.equal(some.body.errors[0].status, 404);
    const doubled = await it.shopper('POST', `${cart}/items`, { data: { data: [good] } });
    assert.equal(doubled.body.data[0].quantity, 2);
    const nothing = await it.shopper('POST', `${cart}/items`, {
      data: [good, bad],
      options: { add_all_or_nothing: true },
    });
    assert.equal(nothing.status, 404);
    assert.equal((await it.shopper('POST', `${cart}/items`, { data: [bad] })).status, 404);
    assert.equal((await it.shopper('GET', `${cart}/items`)).body.data[0].quantity, 2);
  });

  test('merges another, which stays as it is', async () => {
    const [source, target] = [randomUUID(), randomUUID()];
    const id = await makeProduct(it);
    for (const cart of [source, target]) await it.shopper('POST', `/v2/carts/${cart}/items`, product(id, 2));
    await it.shopper('POST', `/v2/carts/${source}/items`, custom({ sku: 'gift' }));
    const merge = { data: { type: 'cart_items', cart_id: source }, options: {} };
    const { status, body } = await it.shopper('POST', `/v2/carts/${target}/items`, merge);
    assert.equal(status, 201);
    assert.deepEqual(
      body.data.map((item: { quantity: number }) => item.quantity),
      [4, 1],
    );
    assert.equal((await it.shopper('GET', `/v2/carts/${source}/items`)).body.data[0].quantity, 2);
    const nowhere = { data: { type: 'cart_items', cart_id: randomUUID() } };
    assert.equal((await it.shopper('POST', `/v2/carts/${target}/items`, nowhere)).status, 404);
  });

  test('has one currency, which its first item fixes', async () => {
    const cart = newCart();
    const prices = [
      { amount: 1000, currency: 'USD' },
      { amount: 900, currency: 'EUR' },
    ];
    const both = await makeProduct(it, { price: prices });
    const dollarsOnly = await makeProduct(it);
    const first = await it.shopper('POST', `${cart}/items`, product(both), eur);
    assert.equal(first.body.meta.display_price.with_tax.formatted, '€9,00');
    const usd = { 'x-moltin-currency': 'USD' };
    assert.equal((await it.shopper('POST', `${cart}/items`, product(both), usd)).status, 400);
    assert.equal((await it.shopper('POST', `${cart}/items`, product(dollarsOnly))).status, 400);
    assert.equal((await it.shopper('GET', cart, undefined, usd)).body.data.meta.display_price.with_tax.currency, 'EUR');
    await it.shopper('DELETE', `${cart}/items`);
    assert.equal((await it.shopper('POST', `${cart}/items`, product(both), usd)).status, 201);
  });

  test('checks stock and reserves nothing', async () => {
    const id = await makeProduct(it, { manage_stock: true, stock: 3, sku: 'SCARCE' });
    const cart = newCart();
    assert.equal((await it.shopper('POST', `${cart}/items`, product(id, 2))).status, 201);
    const short = await it.shopper('POST', `${cart}/items`, product(id, 2));
    assert.equal(short.status, 400);
    assert.equal(short.body.errors[0].title, 'Insufficient stock');
    assert.deepEqual(short.body.errors[0].meta, { id, sku: 'SCARCE' });
    const [line] = (await it.shopper('GET', `${cart}/items`)).body.data;
    assert.equal((await it.shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 4 } })).status, 400);
    assert.equal((await it.shopper('GET', `/v2/inventories/${id}`)).body.data.available, 3);
  });

  test('refuses invalid requests', async () => {
    const cart = newCart();
    const id = await makeProduct(it);
    for (const quantity of [-1, 0, 1.5, '2', 1e12, null]) {
      assert.equal((await it.shopper('POST', `${cart}/items`, product(id, quantity))).status, 422, String(quantity));
    }
    for (const price of [undefined, { amount: -1 }, { amount: 1.5 }, { amount: '5' }, { amount: 1e300 }]) {
      assert.equal((await it.shopper('POST', `${cart}/items`, custom({ price }))).status, 422);
    }
    assert.equal((await it.shopper('POST', `${cart}/items`, { data: { type: 'gift' } })).status, 422);
    assert.equal((await it.shopper('POST', `${cart}/items`, { data: { type: 'cart_item' } })).status, 422);
    assert.equal((await it.shopper('POST', `${cart}/items`, product(randomUUID()))).status, 404);
    assert.equal((await it.shopper('POST', `${cart}/items`, '{"data": undefined}')).status, 400);
    assert.equal((await it.shopper('POST', `${cart}/items`, '[]')).status, 400);
    const rich = custom({ price: { amount: 100_000_000_000 }, quantity: 2 });
    assert.equal((await it.shopper('POST', `${cart}/items`, rich)).status, 400);
    const coupon = await it.shopper('POST', `${cart}/items`, { data: { type: 'promotion_item', code: 'X' } });
    assert.equal(coupon.body.errors[0].detail, 'No promotion could be found with the given code.');
    assert.equal((await it.shopper('PUT', `${cart}/items/nonsense`, { data: { quantity: 1 } })).status, 404);
    assert.equal((await it.shopper('GET', `/v2/carts/${'x'.repeat(129)}`)).status, 400);
    assert.equal((await it.shopper('GET', '/v2/carts/a%00b')).status, 400);
    assert.deepEqual((await it.shopper('GET', `${cart}/items`)).body.data, []);
  });

  test('holds a hundred different items', async () => {
    const cart = newCart();
    const lines = Array.from({ length: 100 }, (_, index) => custom({ sku: `line-${index}` }).data);
    assert.equal((await it.shopper('POST', `${cart}/items`, { data: lines })).body.data.length, 100);
    assert.equal((await it.shopper('POST', `${cart}/items`, custom({ sku: 'one more' }))).status, 400);
    assert.equal((await it.shopper('POST', `${cart}/items`, custom({ sku: 'line-7' }))).status, 201);
  });

  test('counts correctly under concurrent additions', async () => {
    const cart = newCart();
    const id = await makeProduct(it);
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => it.shopper('POST', `${cart}/items`, product(id))),
    );
    assert.ok(replies.every(({ status }) => status === 201));
    const { data } = (await it.shopper('GET', `${cart}/items`)).body;
    assert.deepEqual([data.length, data[0].quantity], [1, 8]);
  });

  test('expires seven days after its last change', async () => {
    const shop = await openTestShop();
    try {
      const cart = newCart();
      await shop.shopper('POST', `${cart}/items`, custom({}));
      const day = 24 * 3_600_000;
      shop.advance(6 * day);
      assert.equal((await shop.shopper('GET', `${cart}/items`)).body.data.length, 1);
      shop.advance(day + 1);
      assert.deepEqual((await shop.shopper('GET', `${cart}/items`)).body.data, []);
      const again = await shop.shopper('POST', `${cart}/items`, custom({ sku: 'new' }));
      assert.deepEqual(
        again.body.data.map((item: { sku: string }) => item.sku),
        ['new'],
      );
    } finally {
      await shop.close();
    }
  });
});

describe('taxes', () => {
  const vat = (members = {}) => ({ data: { type: 'tax_item', name: 'VAT', rate: 0.2, ...members } });

  test('are put on a line, changed and taken off, with client credentials only', async () => {
    const cart = newCart();
    const price = [{ amount: 1000, currency: 'USD', includes_tax: false }];
    const added = await it.shopper('POST', `${cart}/items`, product(await makeProduct(it, { price }), 3));
    const taxes = `${cart}/items/${added.body.data[0].id}/taxes`;
    assert.equal((await it.shopper('POST', taxes, vat())).status, 403);
    const made = await it.admin('POST', taxes, vat({ jurisdiction: 'GB' }));
    assert.equal(made.status, 201);
    assert.deepEqual(
      { ...made.body.data, id: '' },
      { type: 'tax_item', id: '', name: 'VAT', jurisdiction: 'GB', rate: 0.2 },
    );

    const { data, meta, included } = (await it.shopper('GET', `${cart}/items`)).body;
    assert.deepEqual(data[0].relationships.taxes.data, [{ type: 'tax_item', id: made.body.data.id }]);
    assert.deepEqual(included.tax_items, [made.body.data]);
    const { with_tax, without_tax, tax } = meta.display_price;
    assert.deepEqual([with_tax.amount, without_tax.amount, tax.amount], [3600, 3000, 600]);

    const changed = await it.admin('PUT', `${taxes}/${made.body.data.id}`, vat({ rate: 0.1 }));
    assert.equal(changed.body.data.rate, 0.1);
    assert.equal((await it.admin('DELETE', `${taxes}/${made.body.data.id}`)).status, 204);
    assert.equal((await it.admin('DELETE', `${taxes}/${made.body.data.id}`)).status, 404);
    assert.equal((await it.shopper('GET', cart)).body.data.meta.display_price.tax.amount, 0);
  });

  test('can be sent with an item and replace its earlier taxes', async () => {
    const cart = newCart();
    const id = await makeProduct(it);
    await it.admin('POST', `${cart}/items`, product(id, 1, { tax: [vat().data, vat().data] }));
    const { body } = await it.admin('POST', `${cart}/items`, product(id, 1, { tax: [vat({ rate: 0.05 }).data] }));
    assert.deepEqual(
      body.included.tax_items.map(({ rate }: { rate: number }) => rate),
      [0.05],
    );
    assert.equal((await it.shopper('POST', `${cart}/items`, product(id, 1, { tax: [vat().data] }))).status, 403);
  });

  test('are five at most', async () => {
    const cart = newCart();
    const added = await it.shopper('POST', `${cart}/items`, custom({}));
    const item = { data: { type: 'cart_item', id: added.body.data[0].id } };
    const five = Array.from({ length: 5 }, () => ({ ...vat().data, relationships: { item } }));
    assert.equal((await it.admin('POST', `${cart}/taxes`, { data: five })).body.data.length, 5);
    const sixth = await it.admin('POST', `${cart}/items/${item.data.id}/taxes`, vat());
    assert.equal(sixth.status, 422);
    assert.equal(sixth.body.errors[0].detail, 'Cannot exceed tax item limit of (5) on cart item.');
    assert.equal((await it.admin('DELETE', `${cart}/taxes`)).status, 204);
    for (const rate of [-0.1, 21, '0.2', null]) {
      assert.equal((await it.admin('POST', `${cart}/items/${item.data.id}/taxes`, vat({ rate }))).status, 422);
    }
  });
});

describe('named carts', () => {
  test('are made, listed for their customer, renamed and let go', async () => {
    const customer = { type: 'customer', name: 'Ada', email: `${randomUUID()}@example.com`, password: 'correct horse' };
    const { id } = (await it.shopper('POST', '/v2/customers', { data: customer })).body.data;
    const token = await it.shopper('POST', '/v2/customers/tokens', {
      data: { type: 'token', email: customer.email, password: customer.password },
    });
    const asAda = { 'x-moltin-customer-token': token.body.data.token };

    assert.equal((await it.shopper('GET', '/v2/carts')).status, 403);
    const made = await it.shopper('POST', '/v2/carts', { data: { name: 'Birthday' } }, asAda);
    assert.equal(made.status, 201);
    const cart = made.body.data.id;
    const taken = await it.shopper('POST', '/v2/carts', { data: { name: 'Mine', id: cart } }, asAda);
    assert.equal(taken.status, 422);
    await it.shopper('PUT', `/v2/carts/${cart}`, { data: { name: 'Party' } });
    const list = await it.shopper('GET', '/v2/carts', undefined, asAda);
    assert.deepEqual(
      list.body.data.map(({ name }: { name: string }) => name),
      ['Party'],
    );
    const link = { data: [{ type: 'customer', id }] };
    const url = `/v2/carts/${cart}/relationships/customers`;
    assert.equal((await it.shopper('POST', url, link)).status, 403);
    const another = { data: [{ type: 'customer', id: randomUUID() }] };
    for (const method of ['POST', 'DELETE']) {
      assert.equal((await it.admin(method, url, another, asAda)).status, 403, 'a full token narrowed to a customer');
    }
    assert.deepEqual((await it.shopper('POST', url, link, asAda)).body, link);
    assert.equal((await it.shopper('DELETE', url, link, asAda)).status, 204);
    assert.deepEqual((await it.shopper('GET', '/v2/carts', undefined, asAda)).body.data, []);
    assert.equal((await it.admin('POST', url, { data: [{ id: randomUUID() }] })).status, 404);
  });
});
