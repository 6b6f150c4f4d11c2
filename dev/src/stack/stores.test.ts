import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpec } from '../topology/topology.ts';
import { Stores, type StoresContext } from './stores.ts';

test('the URL of a store that is given is known before the store is looked at', () => {
  const services = [
    { name: 'queue', image: 'rabbitmq:4-management', kind: 'store' },
    { name: 'database', image: 'postgres:17', kind: 'store' },
  ] as ServiceSpec[];
  const variables = { RABBITMQ_URL: 'amqp://one:two@127.0.0.1:1234/there', POSTGRES_URL: 'no URL' };
  const { urls } = new Stores(services, { variables } as unknown as StoresContext);
  assert.deepEqual([...urls], [['queue', variables.RABBITMQ_URL]]);
});
