import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Case } from './api.ts';
import { sampleAddress, signUp, tokenOf } from './buyers.ts';
import { newCart } from './carts-goods.ts';
import { makeProduct } from './goods.ts';
import { buyer, enableManual, makeOrder, orderOf, pay } from './orders-goods.ts';

const usd = (amount: number, formatted: string) => ({ amount, currency: 'USD', formatted });

export const orderShapeCases: Case[] = [
  {
    name: 'an order and its items have every member that clients read',
    run: async (api) => {
      const { admin, shopper } = api;
      const { id: customer, name, email } = await signUp(api);
      const [cart, sku] = [newCart(), `SKU-${api.tag}`];
      const product = await makeProduct(api, { name: 'Chair', sku });
      const line = { type: 'cart_item', id: product, quantity: 2 };
      const [cartItem] = (await shopper('POST', `${cart}/items`, { data: line })).body.data;
      const billing = { ...sampleAddress, company_name: 'Engines', line_2: 'Floor 2' };
      const shipping = { ...billing, phone_number: '+44 1', instructions: 'Ring twice' };
      const data = { customer, billing_address: billing, shipping_address: shipping };
      const named = await shopper('POST', `${cart}/checkout`, { data });
      assert.deepEqual(named.body.data.relationships.customer.data.id, customer, 'an id alone is a customer too');
      const made = await shopper('POST', `${cart}/checkout`, { data: { ...data, customer: { id: customer } } });
      assert.equal(made.status, 201);
      const [item] = made.body.included.items;
      const { id, meta, customer: shownCustomer, ...rest } = made.body.data;
      assert.deepEqual([shownCustomer.name, shownCustomer.email], [name, email]);
      assert.deepEqual(rest, {
        ...{ type: 'order', status: 'incomplete', payment: 'unpaid', shipping: 'unfulfilled', links: {} },
        ...{ billing_address: billing, shipping_address: shipping },
        relationships: {
          items: { data: [{ type: 'item', id: item.id }] },
          customer: { data: { type: 'customer', id: customer } },
        },
      });
      const [whole, none] = [usd(2000, '$20.00'), usd(0, '$0.00')];
      assert.deepEqual(meta.display_price, { with_tax: whole, without_tax: whole, tax: none });
      assert.deepEqual(Object.keys(meta.timestamps), ['created_at', 'updated_at']);
      const { id: itemId, meta: itemMeta, ...itemRest } = item;
      assert.ok(itemId);
      assert.deepEqual(itemRest, {
        ...{ type: 'order_item', quantity: 2, product_id: product, name: 'Chair', sku, links: {} },
        unit_price: { amount: 1000, currency: 'USD', includes_tax: true },
        value: { amount: 2000, currency: 'USD', includes_tax: true },
        relationships: { cart_item: { data: { type: 'cart_item', id: cartItem.id } } },
      });
      assert.deepEqual(itemMeta.display_price, cartItem.meta.display_price);
      assert.deepEqual((await admin('GET', `/v2/orders/${id}?include=items`)).body, made.body);
    },
  },
  {
    name: 'checkout ships to the billing address unless it has another',
    run: async (api) => {
      const cart = newCart();
      const line = { type: 'cart_item', id: await makeProduct(api), quantity: 1 };
      await api.shopper('POST', `${cart}/items`, { data: line });
      const customer = { name: 'Ada', email: 'ada@example.com' };
      const data = { customer, billing_address: sampleAddress };
      const { shipping_address } = (await api.shopper('POST', `${cart}/checkout`, { data })).body.data;
      assert.deepEqual({ ...shipping_address, ...sampleAddress }, shipping_address);
      const { status, body } = await api.shopper('POST', `${cart}/checkout`, { data: { customer } });
      assert.equal(status, 422);
      assert.ok(body.errors.some(({ source }: { source: string }) => source === 'data.billing_address'));
    },
  },
  {
    name: 'orders keep what may not change',
    run: async (api) => {
      const id = await orderOf(api);
      const before = (await api.admin('GET', `/v2/orders/${id}`)).body.data;
      const change = {
        payment: 'paid',
        customer: { name: 'Eve' },
        billing_address: {},
        links: { a: 1 },
        currency: 'X',
      };
      const { status, body } = await api.admin('PUT', `/v2/orders/${id}`, { data: { type: 'order', ...change } });
      assert.equal(status, 200);
      const { meta: _, ...kept } = body.data;
      const { meta: __, ...old } = before;
      assert.deepEqual(kept, old);
    },
  },
  {
    name: 'a payment allocates stock, and one that finds too little leaves the order unpaid',
    run: async (api) => {
      await enableManual(api);
      const sku = `LAST-${api.tag}`;
      const product = await makeProduct(api, { manage_stock: true, stock: 3, sku });
      const [first, second] = [
        await makeOrder(api, randomUUID(), product, 2),
        await makeOrder(api, randomUUID(), product, 2),
      ];
      const stock = async () => {
        const { total, available, allocated } = (await api.admin('GET', `/v2/inventories/${product}`)).body.data;
        return [total, available, allocated];
      };
      assert.deepEqual(await stock(), [3, 3, 0], 'carts and orders reserve nothing');
      assert.equal((await pay(api, first, 'authorize')).status, 201);
      assert.deepEqual(await stock(), [3, 1, 2]);
      const short = await pay(api, second, 'purchase');
      assert.deepEqual([short.status, short.body.errors[0].title], [400, 'Insufficient stock']);
      assert.deepEqual(short.body.errors[0].meta, { id: product, sku });
      const { status, payment } = (await api.admin('GET', `/v2/orders/${second}`)).body.data;
      assert.deepEqual([status, payment], ['incomplete', 'unpaid']);
      assert.deepEqual(await stock(), [3, 1, 2]);
    },
  },
  {
    name: 'a transaction has every member that clients read, for administrators only, and waits for no confirmation',
    run: async (api) => {
      await enableManual(api);
      const { id: customer, headers } = await buyer(api);
      const order = await makeOrder(api, randomUUID(), await makeProduct(api), 1, { id: customer });
      const reference = { paymentmethod_meta: { custom_reference: 'bank 7', name: 'Bank' } };
      const made = await pay(api, order, 'purchase', { amount: 1000, ...reference });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, {
        ...{ type: 'transaction', reference: 'manual', custom_reference: 'bank 7', gateway: 'manual', amount: 1000 },
        ...{ currency: 'USD', transaction_type: 'purchase', 'transaction-type': 'purchase', status: 'complete' },
        relationships: { order: { data: { type: 'order', id: order } } },
      });
      assert.deepEqual(meta.display_price, usd(1000, '$10.00'));
      assert.equal(meta.created_at, meta.timestamps.created_at);
      const path = `/v2/orders/${order}/transactions`;
      assert.deepEqual((await api.admin('GET', path)).body.data, [made.body.data]);
      for (const url of [path, `${path}/${id}`]) {
        assert.equal((await api.shopper('GET', url, undefined, headers)).status, 403, url);
      }
      const confirm = { data: { gateway: 'manual', method: 'purchase' } };
      assert.equal((await api.shopper('POST', `${path}/${id}/confirm`, confirm)).status, 422);
      assert.equal((await api.shopper('POST', `${path}/${randomUUID()}/confirm`, confirm)).status, 404);
    },
  },
  {
    name: 'customers sign in with every member that clients read',
    run: async (api) => {
      const { id, email, name } = await signUp(api, { password: 'secret' });
      const mechanism = { authentication_mechanism: 'password' };
      const data = { type: 'token', email, password: 'secret', ...mechanism };
      const { status, body } = await api.shopper('POST', '/v2/customers/tokens', { data });
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(body.data).sort(), ['customer_id', 'expires', 'id', 'token', 'type']);
      assert.equal(body.data.type, 'token');
      const claims = JSON.parse(Buffer.from(body.data.token.split('.')[1], 'base64url').toString());
      assert.deepEqual([claims.sub, claims.name, claims.exp, claims.jti], [id, name, body.data.expires, body.data.id]);
      assert.equal(claims.exp - claims.iat, 24 * 3_600);
      const token = await tokenOf(api, email, 'secret');
      assert.equal((await api.shopper('DELETE', `/v2/customers/${id}`, undefined, token)).status, 204);
      assert.equal((await api.shopper('GET', '/v2/orders', undefined, token)).status, 403, 'the customer is gone');
    },
  },
  {
    name: 'addresses have every member that clients read, whatever their type is called',
    run: async (api) => {
      const { id } = await signUp(api);
      const path = `/v2/customers/${id}/addresses`;
      const given = {
        ...{ name: 'Home', ...sampleAddress, company_name: 'Engines', phone_number: '+44 1', line_2: 'Floor 2' },
        instructions: 'Ring twice',
      };
      const made = await api.admin('POST', path, { data: { type: 'customer-address', ...given } });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id: address, links, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, { type: 'address', ...given });
      assert.equal(new URL(links.self).pathname, `${path}/${address}`);
      assert.deepEqual(Object.keys(meta.timestamps), ['created_at', 'updated_at']);
      const missing = await api.admin('POST', path, { data: { type: 'address' } });
      const required = ['first_name', 'last_name', 'line_1', 'postcode', 'county', 'country'];
      assert.deepEqual(
        missing.body.errors.map(({ source }: { source: string }) => source).sort(),
        required.map((member) => `data.${member}`).sort(),
      );
    },
  },
];
