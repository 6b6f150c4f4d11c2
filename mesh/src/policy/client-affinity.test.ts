import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClientAffinity, clientsMax } from './client-affinity.ts';

describe('the affinity of clients', () => {
  test('ends when a client has made no request for the timeout', () => {
    const clients = new ClientAffinity();
    clients.remember(1, 'a:80', 0);
    assert.equal(clients.endpointOf(1, 999, 1000), 'a:80');
    clients.remember(1, 'a:80', 999);
    assert.equal(clients.endpointOf(1, 1998, 1000), 'a:80');
    assert.equal(clients.endpointOf(1, 1999, 1000), null);
    assert.equal(clients.endpointOf(2, 0, 1000), null);
  });

  test('forgets the client that has been away longest', () => {
    const clients = new ClientAffinity();
    for (let client = 0; client < clientsMax; client += 1) clients.remember(client, 'a:80', client);
    clients.remember(0, 'a:80', clientsMax);
    clients.remember(clientsMax, 'b:80', clientsMax);
    assert.equal(clients.endpointOf(0, clientsMax, 1e9), 'a:80');
    assert.equal(clients.endpointOf(1, clientsMax, 1e9), null);
    assert.equal(clients.endpointOf(clientsMax, clientsMax, 1e9), 'b:80');
  });
});
