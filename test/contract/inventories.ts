import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { makeProduct } from './goods.ts';

const act = ({ admin }: Api, id: string, action: string, quantity: unknown) =>
  admin('POST', `/v2/inventories/${id}/transactions`, { data: { type: 'stock-transaction', action, quantity } });
const stock = async ({ shopper }: Api, id: string) => {
  const { total, available, allocated } = (await shopper('GET', `/v2/inventories/${id}`)).body.data;
  return [total, available, allocated];
};

export const inventoryCases: Case[] = [
  {
    name: 'stock: each action changes its own columns',
    run: async (api) => {
      const id = await makeProduct(api, { stock: 10 });
      assert.deepEqual(await stock(api, id), [10, 10, 0]);
      const made = await act(api, id, 'allocate', 4);
      assert.equal(made.status, 201);
      assert.equal(made.body.data.product_id, id);
      assert.deepEqual(await stock(api, id), [10, 6, 4]);
      await act(api, id, 'deallocate', 1);
      await act(api, id, 'decrement', 2);
      await act(api, id, 'increment', 5);
      assert.deepEqual(await stock(api, id), [13, 10, 3]);

      const { body } = await api.admin('GET', `/v2/inventories/${id}/transactions`);
      assert.deepEqual(
        body.data.map((row: { action: string; quantity: number }) => [row.action, row.quantity]),
        [
          ['create', 10],
          ['allocate', 4],
          ['deallocate', 1],
          ['decrement', 2],
          ['increment', 5],
        ],
      );
      const { id: transaction, timestamps, ...rest } = made.body.data;
      assert.deepEqual(rest, { type: 'stock-transaction', action: 'allocate', product_id: id, quantity: 4 });
      assert.deepEqual(Object.keys(timestamps), ['created_at']);
      for (const call of [api.admin, api.shopper]) {
        const one = await call('GET', `/v2/inventories/${id}/transactions/${transaction}`);
        assert.deepEqual(one.body.data, made.body.data);
      }
    },
  },
  {
    name: 'stock: 422 below zero, and nothing is recorded',
    run: async (api) => {
      const id = await makeProduct(api, { stock: 1 });
      for (const action of ['decrement', 'allocate', 'deallocate']) {
        const { status, body } = await act(api, id, action, 2);
        assert.equal(status, 422);
        const detail = 'Your request could not be completed due to insufficient stock levels';
        assert.deepEqual(body.errors, [{ status: 422, title: 'Cannot complete request', detail }]);
      }
      assert.equal((await api.admin('GET', `/v2/inventories/${id}/transactions`)).body.data.length, 1);
    },
  },
  {
    name: 'stock: invalid quantities and actions are 422',
    run: async (api) => {
      const id = await makeProduct(api);
      for (const quantity of [-1, 0, 1.5, '3', 1e300, null])
        assert.equal((await act(api, id, 'increment', quantity)).status, 422);
      assert.equal((await act(api, id, 'create', 1)).status, 422);
      assert.deepEqual(await stock(api, id), [0, 0, 0]);
    },
  },
  {
    name: 'stock: an unknown product is 404; shoppers may read but not change stock',
    run: async (api) => {
      for (const id of ['nonsense', randomUUID()]) {
        assert.equal((await api.shopper('GET', `/v2/inventories/${id}`)).status, 404);
        assert.equal((await act(api, id, 'increment', 1)).status, 404);
      }
      const id = await makeProduct(api);
      const data = { type: 'stock-transaction', action: 'increment', quantity: 1 };
      assert.equal((await api.shopper('POST', `/v2/inventories/${id}/transactions`, { data })).status, 403);
      const many = await api.shopper('POST', '/v2/inventories/multiple', { data: [{ id }, { id: 'nonsense' }] });
      assert.deepEqual(many.body.data, [{ id, type: 'stock', total: 0, available: 0, allocated: 0 }]);
      assert.ok((await api.shopper('GET', '/v2/inventories?page[limit]=1')).body.meta.results.total > 1);
    },
  },
  {
    name: 'stock: shoppers do not see that of a draft',
    run: async (api) => {
      const id = await makeProduct(api, { status: 'draft', stock: 1 });
      const [move] = (await api.admin('GET', `/v2/inventories/${id}/transactions`)).body.data;
      assert.equal(move.action, 'create');
      for (const path of ['', '/transactions', `/transactions/${move.id}`]) {
        assert.equal((await api.shopper('GET', `/v2/inventories/${id}${path}`)).status, 404, path);
        assert.equal((await api.admin('GET', `/v2/inventories/${id}${path}`)).status, 200, path);
      }
      assert.deepEqual((await api.shopper('POST', '/v2/inventories/multiple', { data: [{ id }] })).body.data, []);
    },
  },
  {
    name: 'stock: a record can be created, and deleted unless some of its goods are allocated',
    run: async (api) => {
      const id = await makeProduct(api, { stock: 5 });
      await act(api, id, 'allocate', 1);
      assert.equal((await api.admin('DELETE', `/v2/inventories/${id}`)).status, 422);
      await act(api, id, 'deallocate', 1);
      assert.equal((await api.admin('DELETE', `/v2/inventories/${id}`)).status, 204);
      assert.deepEqual(await stock(api, id), [0, 0, 0]);
      assert.equal((await api.admin('POST', `/v2/inventories/${id}`, { data: { quantity: 2 } })).status, 201);
      assert.deepEqual(await stock(api, id), [2, 2, 0]);
    },
  },
];
