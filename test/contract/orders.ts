import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress } from './buyers.ts';
import { makeProduct } from './goods.ts';
import { buyer, enableManual, makeOrder, purchase } from './orders-goods.ts';

const fulfil = ({ admin }: Api, id: string) =>
  admin('PUT', `/v2/orders/${id}`, { data: { type: 'order', shipping: 'fulfilled' } });

export const orderCases: Case[] = [
  {
    name: 'orders are listed newest first, filtered, sorted, paged, with their items',
    run: async (api) => {
      await enableManual(api);
      const product = await makeProduct(api, { sku: `LISTED-${api.tag}` });
      const ids: string[] = [];
      for (const quantity of [1, 3, 2]) ids.push(await makeOrder(api, randomUUID(), product, quantity));
      await api.admin('POST', `/v2/orders/${ids[1]}/payments`, purchase);

      const list = await api.admin('GET', `/v2/orders?include=items&filter=eq(product_sku,LISTED-${api.tag})`);
      assert.deepEqual(
        list.body.data.map(({ id }: { id: string }) => id),
        [...ids].reverse(),
      );
      assert.equal(list.body.included.items.length, 3);
      const byPrice = await api.admin(
        'GET',
        `/v2/orders?sort=with_tax&page[limit]=1&filter=eq(product_sku,LISTED-${api.tag})`,
      );
      assert.equal(byPrice.body.data[0].id, ids[0]);
      assert.equal(byPrice.body.meta.results.total, 3);
      const today = new Date().toISOString().slice(0, 10);
      const matching = [
        `eq(product_id,${product}):eq(payment,paid)`,
        `eq(product_sku,LISTED-${api.tag}):gt(with_tax,2500)`,
        `eq(product_sku,LISTED-${api.tag}):eq(status,complete):like(email,ADA@*):eq(name,Ada):ge(created_at,${today})`,
        `eq(id,${ids[1]}):eq(shipping_name,Ada Byron):like(billing_postcode,n1*):eq(currency,USD)`,
      ];
      for (const filter of matching) {
        const { body } = await api.admin('GET', `/v2/orders?filter=${filter}`);
        assert.deepEqual(
          body.data?.map(({ id }: { id: string }) => id),
          [ids[1]],
          filter,
        );
      }
      for (const query of ['filter=eq(total,1)', 'filter=eq(with_tax,x)', 'sort=name', 'page[offset]=10001']) {
        assert.equal((await api.admin('GET', `/v2/orders?${query}`)).status, 400, query);
      }
      assert.deepEqual((await api.admin('GET', '/v2/orders?filter=eq(customer_id,x)')).body.data, []);
    },
  },
  {
    name: 'orders belong to their customers',
    run: async (api) => {
      await enableManual(api);
      const product = await makeProduct(api);
      const [ada, eve] = [await buyer(api), await buyer(api)];
      const id = await makeOrder(api, randomUUID(), product, 1, { id: ada.id });
      const own = await api.shopper('GET', '/v2/orders?include=items', undefined, ada.headers);
      assert.deepEqual(
        own.body.data.map((order: { id: string }) => order.id),
        [id],
      );
      assert.equal((await api.shopper('GET', `/v2/orders/${id}/items`, undefined, ada.headers)).body.data.length, 1);
      assert.deepEqual((await api.shopper('GET', '/v2/orders', undefined, eve.headers)).body.data, []);
      for (const path of [`/v2/orders/${id}`, `/v2/orders/${id}/items`]) {
        assert.equal((await api.shopper('GET', path, undefined, eve.headers)).status, 404);
        assert.equal((await api.shopper('GET', path)).status, 403);
      }
      assert.equal((await api.shopper('POST', `/v2/orders/${id}/payments`, purchase, eve.headers)).status, 404);
      const update = { data: { type: 'order', shipping: 'fulfilled' } };
      assert.equal((await api.shopper('PUT', `/v2/orders/${id}`, update, ada.headers)).status, 403);
    },
  },
  {
    name: 'orders can be fulfilled once paid, which removes the stock',
    run: async (api) => {
      await enableManual(api);
      const product = await makeProduct(api, { manage_stock: true, stock: 5 });
      const id = await makeOrder(api, randomUUID(), product, 2);
      assert.equal((await fulfil(api, id)).status, 422);
      await api.admin('POST', `/v2/orders/${id}/payments`, purchase);
      const address = { ...sampleAddress, first_name: 'Grace' };
      const moved = await api.admin('PUT', `/v2/orders/${id}`, { data: { shipping_address: address } });
      assert.equal(moved.body.data.shipping_address.first_name, 'Grace');
      const { body } = await fulfil(api, id);
      assert.deepEqual([body.data.shipping, body.data.payment], ['fulfilled', 'paid']);
      const { total, available, allocated } = (await api.admin('GET', `/v2/inventories/${product}`)).body.data;
      assert.deepEqual([total, available, allocated], [3, 3, 0]);
      const again = await fulfil(api, id);
      assert.deepEqual([again.status, again.body.data.shipping], [200, 'fulfilled'], 'the state is reached already');
      assert.equal((await api.admin('GET', `/v2/inventories/${product}`)).body.data.total, 3, 'the stock goes once');
      const same = { data: { shipping: 'fulfilled', shipping_address: address } };
      assert.equal((await api.admin('PUT', `/v2/orders/${id}`, same)).status, 200);
      assert.equal(
        (await api.admin('PUT', `/v2/orders/${id}`, { data: { shipping_address: sampleAddress } })).status,
        422,
      );
      assert.equal((await api.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } })).status, 422);
    },
  },
  {
    name: 'orders give their goods back when they are cancelled',
    run: async (api) => {
      await enableManual(api);
      const product = await makeProduct(api, { manage_stock: true, stock: 5 });
      const id = await makeOrder(api, randomUUID(), product, 2);
      await api.admin('POST', `/v2/orders/${id}/payments`, { data: { gateway: 'manual', method: 'authorize' } });
      const { body } = await api.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } });
      assert.deepEqual([body.data.status, body.data.payment], ['cancelled', 'authorized']);
      const again = await api.admin('PUT', `/v2/orders/${id}`, { data: { status: 'cancelled' } });
      assert.deepEqual([again.status, again.body.data.status], [200, 'cancelled']);
      assert.equal((await fulfil(api, id)).status, 422);
      assert.equal((await api.admin('GET', `/v2/inventories/${product}`)).body.data.available, 5);
      assert.equal((await api.admin('POST', `/v2/orders/${id}/payments`, purchase)).status, 422);
    },
  },
  {
    name: 'orders are 404 for an unknown id',
    run: async (api) => {
      await enableManual(api);
      for (const id of ['nonsense', randomUUID()]) {
        assert.equal((await api.admin('GET', `/v2/orders/${id}`)).status, 404);
        assert.equal((await api.admin('GET', `/v2/orders/${id}/items`)).status, 404);
        assert.equal((await api.admin('POST', `/v2/orders/${id}/payments`, purchase)).status, 404);
        assert.equal((await fulfil(api, id)).status, 404);
      }
    },
  },
];
