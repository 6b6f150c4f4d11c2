import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { affinityClientsMax, ClientAffinity } from './client-affinity.ts';

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

  test('remembers the last clients, and no more than its limit', () => {
    const clients = new ClientAffinity();
    const half = affinityClientsMax / 2;
    for (let client = 0; client < affinityClientsMax * 2; client += 1) {
      clients.remember(client, 'a:80', client);
      // One that comes again and again is not forgotten.
      if (client % 100 === 0) clients.remember(-1, 'b:80', client);
    }
    const isKnown = (client: number) => clients.endpointOf(client, 0, 1e9) !== null;
    const all = Array.from({ length: affinityClientsMax * 2 }, (_, client) => client);
    assert.ok(all.slice(-half + 1).every(isKnown));
    assert.ok(all.filter(isKnown).length <= affinityClientsMax);
    assert.equal(clients.endpointOf(-1, 0, 1e9), 'b:80');
  });
});
