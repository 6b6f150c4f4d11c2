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

export const integrationEventCases: Case[] = [
  {
    name: 'every event of the API can be observed',
    run: async (api) => {
      await deleteAll(api);
      const { status, body } = await post(api, keys);
      assert.deepEqual([status, [...body.data.observes].sort()], [201, [...keys].sort()]);
      await deleteAll(api);
    },
  },
];
