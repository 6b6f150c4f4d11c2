import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/v2/integrations';

const changes = ['created', 'updated', 'deleted'];
const entities = ['address', 'brand', 'category', 'collection', 'currency', 'customer', 'integration', 'product'];
/** Every event that can be observed. */
const keys = [
  ...[...entities, 'settings'].flatMap((entity) => changes.map((change) => `${entity}.${change}`)),
  ...['cart.updated', 'cart.deleted', 'file.created', 'file.deleted', 'payment-gateway.updated'],
  ...['order.created', 'order.updated', 'order.fulfilled', 'order.authorized', 'order.paid', 'order.refunded'],
  ...['stock-transaction.created', 'transaction.created', 'transaction.updated'],
];

const post = ({ admin }: Api, observes: readonly string[]) => {
  const configuration = { url: 'https://hooks.example.com/' };
  const members = { name: 'N', description: '', integration_type: 'webhook', observes, configuration };
  return admin('POST', path, { data: { type: 'integration', ...members } });
};

async function deleteAll({ admin }: Api): Promise<void> {
  const { body } = await admin('GET', path);
  for (const { id } of body.data) assert.equal((await admin('DELETE', `${path}/${id}`)).status, 200);
}

export const integrationLimitCases: Case[] = [
  {
    name: 'every event of the API can be observed',
    run: async (api) => {
      await deleteAll(api);
      const { status, body } = await post(api, keys);
      assert.deepEqual([status, [...body.data.observes].sort()], [201, [...keys].sort()]);
      await deleteAll(api);
    },
  },
  {
    name: 'a store has at most a hundred integrations',
    run: async (api) => {
      await deleteAll(api);
      for (let n = 0; n < 100; n += 1) {
        // Five observe each event.
        assert.equal((await post(api, [keys[Math.floor(n / 5)] ?? ''])).status, 201, `${n}`);
      }
      const { status, body } = await post(api, [keys.at(-1) ?? '']);
      assert.deepEqual([status, body.errors[0].title], [422, 'Integration limit reached']);
      assert.equal((await api.admin('GET', path)).body.data.length, 100, 'the list has no pages');
      await deleteAll(api);
    },
  },
];
