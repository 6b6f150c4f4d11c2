import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { cartAddingCases } from './carts-adding.ts';
import { cartFieldCases } from './carts-fields.ts';
import { custom, fill, makeCustomer, newCart, product } from './carts-goods.ts';
import { cartMethodCases } from './carts-methods.ts';
import { cartPromotionCases } from './carts-promotions.ts';
import { cartShapeCases } from './carts-shape.ts';
import { cartTaxCases } from './carts-taxes.ts';
import { makeProduct } from './goods.ts';

const quantities = ({ body }: { body: { data: { quantity: number }[] } }) => body.data.map(({ quantity }) => quantity);
const none = { mime_type: '', file_name: '', href: '' };

export const cartCases: Case[] = [
  {
    name: 'a cart is empty before the first item',
    run: async ({ shopper }) => {
      const cart = newCart();
      const { status, body } = await shopper('GET', cart);
      assert.equal(status, 200);
      assert.deepEqual(body.data.meta.display_price.with_tax, { amount: 0, currency: '', formatted: '0' });
      assert.equal(body.data.meta.timestamps.created_at, '0001-01-01T00:00:00Z');
      assert.deepEqual((await shopper('GET', `${cart}/items`)).body.data, []);
      assert.equal((await shopper('DELETE', cart)).status, 204);
    },
  },
  {
    name: 'a cart adds products and custom items, and one line grows',
    run: async (api) => {
      const { shopper } = api;
      const cart = newCart();
      const id = await makeProduct(api, { name: 'Chair' });
      const { status, body } = await shopper('POST', `${cart}/items`, product(id, 2));
      assert.equal(status, 201);
      const [line] = body.data;
      assert.deepEqual([line.type, line.product_id, line.name, line.image], ['cart_item', id, 'Chair', none]);
      assert.deepEqual(line.value, { amount: 2000, currency: 'USD', includes_tax: true });
      assert.equal(line.meta.display_price.with_tax.unit.formatted, '$10.00');
      await shopper('POST', `${cart}/items`, custom({ sku: 'post', quantity: 1 }));
      const again = await shopper('POST', `${cart}/items`, product(id));
      assert.deepEqual(quantities(again), [3, 1]);
      await shopper('POST', `${cart}/items`, custom({ sku: 'post', price: { amount: 250, includes_tax: false } }));
      const { data, included } = (await shopper('GET', `${cart}?include=items`)).body;
      assert.equal(data.meta.display_price.with_tax.formatted, '$35.00');
      assert.deepEqual([included.items.length, data.relationships.items.data.length], [3, 3]);
      const { created_at, updated_at, expires_at } = data.meta.timestamps;
      assert.ok(created_at <= updated_at);
      assert.equal(Date.parse(expires_at) - Date.parse(updated_at), 7 * 24 * 3_600_000);
    },
  },
  {
    name: 'a line shows the main image of its product, if shoppers may see it',
    run: async (api) => {
      const { admin, shopper } = api;
      const cart = newCart();
      const id = await makeProduct(api);
      for (const isPublic of ['true', 'false']) {
        const form = [
          `--b\r\nContent-Disposition: form-data; name="public"\r\n\r\n${isPublic}\r\n`,
          '--b\r\nContent-Disposition: form-data; name="file"; filename="chair.txt"\r\n\r\nnot really\r\n--b--\r\n',
        ];
        const upload = await admin('POST', '/v2/files', form.join(''), {
          'content-type': 'multipart/form-data; boundary=b',
        });
        assert.equal(upload.status, 201, JSON.stringify(upload.body));
        const main = { data: { type: 'main_image', id: upload.body.data.id } };
        await admin('PUT', `/v2/products/${id}/relationships/main-image`, main);
        const added = (await shopper('POST', `${cart}/items`, product(id))).body.data;
        const read = (await shopper('GET', `${cart}/items`)).body.data;
        assert.deepEqual(read[0].image, added[0].image);
        assert.equal(read[0].image.file_name, isPublic === 'true' ? 'chair.txt' : '');
      }
    },
  },
  {
    name: 'lines are changed and removed',
    run: async (api) => {
      const { shopper } = api;
      const cart = newCart();
      const [first] = await fill(api, cart, product(await makeProduct(api)));
      const line = `${cart}/items/${first.id}`;
      const set = (quantity: number) => shopper('PUT', line, { data: { type: 'cart_item', quantity } });
      assert.deepEqual(quantities(await set(4)), [4]);
      assert.deepEqual((await set(0)).body.data, []);
      assert.equal((await set(0)).status, 200, 'again');
      assert.equal((await set(1)).status, 404);
      const gone = await shopper('DELETE', line);
      assert.deepEqual([gone.status, gone.body.errors[0].detail], [404, "The Item doesn't exist in the cart"]);
      await fill(api, cart, custom({ sku: 'a' }));
      const two = await fill(api, cart, custom({ sku: 'b' }));
      const bulk = two.map(({ id }, index) => ({ type: 'cart_item', id, quantity: 5 + index }));
      assert.deepEqual(quantities(await shopper('PUT', `${cart}/items`, { data: bulk })), [5, 6]);
      const half = [bulk[0], { type: 'cart_item', id: randomUUID(), quantity: 1 }];
      assert.equal((await shopper('PUT', `${cart}/items`, { data: half })).status, 404);
      assert.equal((await shopper('DELETE', `${cart}/items/${bulk[0]?.id}`)).body.data.length, 1);
      assert.deepEqual((await shopper('DELETE', `${cart}/items`)).body.data, []);
    },
  },
  {
    name: 'stock is checked and not reserved',
    run: async (api) => {
      const { shopper } = api;
      const sku = `scarce-${api.tag}`;
      const id = await makeProduct(api, { manage_stock: true, stock: 3, sku });
      const cart = newCart();
      assert.equal((await shopper('POST', `${cart}/items`, product(id, 2))).status, 201);
      const short = await shopper('POST', `${cart}/items`, product(id, 2));
      const detail = `There is not enough stock to add ${sku} to your cart`;
      assert.deepEqual(short.body.errors, [{ status: 400, title: 'Insufficient stock', detail, meta: { id, sku } }]);
      const [line] = (await shopper('GET', `${cart}/items`)).body.data;
      assert.equal((await shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 4 } })).status, 400);
      assert.equal((await shopper('PUT', `${cart}/items/${line.id}`, { data: { quantity: 3 } })).status, 200);
      assert.equal((await shopper('GET', `/v2/inventories/${id}`)).body.data.available, 3);
    },
  },
  {
    name: 'requests that are wrong are refused, and nothing is written',
    run: async (api) => {
      const { shopper, anonymous } = api;
      const cart = newCart();
      const id = await makeProduct(api);
      const post = (body: unknown) => shopper('POST', `${cart}/items`, body);
      for (const quantity of [-1, 0, 1.5, '2', 1e12, null]) {
        assert.equal((await post(product(id, quantity))).status, 422, String(quantity));
      }
      for (const price of [undefined, { amount: -1 }, { amount: 1.5 }, { amount: '5' }, { amount: 1e300 }]) {
        assert.equal((await post(custom({ price }))).status, 422);
      }
      assert.equal((await post({ data: { type: 'gift' } })).status, 422);
      assert.equal((await post({ data: { type: 'cart_item' } })).status, 422);
      assert.equal((await post(product(randomUUID()))).status, 404);
      for (const body of ['{"data": undefined}', '[]', '', '{', 'null', '{"data":5}', '{"data":null}']) {
        assert.equal((await post(body)).status, 400, body);
      }
      assert.equal((await post(custom({ price: { amount: 100_000_000_000 }, quantity: 2 }))).status, 400);
      assert.equal((await post(product(await makeProduct(api, { status: 'draft' })))).status, 404);
      const coupon = await post({ data: { type: 'promotion_item', code: 'X' } });
      assert.equal(coupon.body.errors[0].detail, 'No promotion could be found with the given code.');
      assert.equal((await shopper('PUT', `${cart}/items/nonsense`, { data: { quantity: 1 } })).status, 404);
      assert.equal((await shopper('GET', `/v2/carts/${'x'.repeat(129)}`)).status, 400);
      assert.equal((await shopper('GET', '/v2/carts/a%00b')).status, 400);
      assert.equal((await anonymous('GET', cart)).status, 401);
      assert.deepEqual((await shopper('GET', `${cart}/items`)).body.data, []);
    },
  },
  {
    name: 'an id is any text without controls, and deleting a cart frees it',
    run: async (api) => {
      const { shopper, tag } = api;
      for (const text of ['ä:{x}\u{1f600}', 'a b', '~heartbeat', "'; drop table carts", '%', 'lines:x'].map(
        (id) => `${id} ${tag}`,
      )) {
        const cart = `/v2/carts/${encodeURIComponent(text)}`;
        await fill(api, cart, custom({ sku: 'a' }));
        const { body } = await shopper('GET', cart);
        assert.equal(body.data.id, text);
        assert.ok(body.data.links.self.endsWith(cart));
        assert.equal((await shopper('DELETE', cart)).status, 204);
        assert.deepEqual((await shopper('GET', `${cart}/items`)).body.data, []);
        assert.equal((await fill(api, cart, custom({ sku: 'b' })))[0].sku, 'b');
      }
    },
  },
  {
    name: 'named carts are made, listed for their customer, renamed and let go',
    run: async (api) => {
      const { admin, shopper } = api;
      const { id, as } = await makeCustomer(api);
      assert.equal((await shopper('GET', '/v2/carts')).status, 403);
      const made = await shopper('POST', '/v2/carts', { data: { name: 'Birthday' } }, as);
      assert.equal(made.status, 201);
      const cart = made.body.data.id;
      const taken = await shopper('POST', '/v2/carts', { data: { name: 'Mine', id: cart } }, as);
      assert.deepEqual([taken.status, taken.body.errors[0].source], [422, 'data.id']);
      assert.equal((await shopper('POST', '/v2/carts', { data: {} }, as)).status, 422);
      await shopper('PUT', `/v2/carts/${cart}`, { data: { name: 'Party', description: 'D' } });
      await shopper('POST', '/v2/carts', { data: { name: 'Second' } }, as);
      const list = await shopper('GET', '/v2/carts', undefined, as);
      assert.deepEqual(
        list.body.data.map(({ name }: { name: string }) => name),
        ['Second', 'Party'],
      );
      const page = await shopper('GET', '/v2/carts?page[limit]=1&page[offset]=1', undefined, as);
      assert.deepEqual([page.body.data[0].name, page.body.meta.results.total], ['Party', 2]);
      const link = { data: [{ type: 'customer', id }] };
      const url = `/v2/carts/${cart}/relationships/customers`;
      assert.equal((await shopper('POST', url, link)).status, 403);
      const another = { data: [{ type: 'customer', id: randomUUID() }] };
      for (const method of ['POST', 'DELETE']) {
        assert.equal((await admin(method, url, another, as)).status, 403, 'a full token narrowed to a customer');
      }
      assert.deepEqual((await shopper('POST', url, link, as)).body, link);
      assert.equal((await shopper('DELETE', url, link, as)).status, 204);
      assert.equal((await shopper('GET', '/v2/carts', undefined, as)).body.data.length, 1);
      assert.equal((await admin('POST', url, { data: [{ id: randomUUID() }] })).status, 404);
      const all = await admin('GET', '/v2/carts?page[limit]=2');
      assert.deepEqual(
        all.body.data.map(({ name }: { name: string }) => name),
        ['Second', 'Party'],
      );
    },
  },
  ...cartAddingCases,
  ...cartPromotionCases,
  ...cartMethodCases,
  ...cartFieldCases,
  ...cartTaxCases,
  ...cartShapeCases,
];
