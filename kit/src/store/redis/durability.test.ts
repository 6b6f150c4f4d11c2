import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durabilityFaults } from './durability.ts';

test('settings with which the server loses what it acknowledged are named', () => {
  assert.deepEqual(
    durabilityFaults({ appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' }),
    [],
  );
  assert.deepEqual(durabilityFaults({}), []);
  const faults = durabilityFaults({ appendonly: 'no', appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' });
  assert.deepEqual(
    faults.map((fault) => fault.slice(0, fault.indexOf(':'))),
    [
      'appendonly is no and not yes',
      'appendfsync is everysec and not always',
      'maxmemory-policy is allkeys-lru and not noeviction',
    ],
  );
});
