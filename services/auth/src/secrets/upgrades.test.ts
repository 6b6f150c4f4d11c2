import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlowHash } from '@banyan/kit/secrets';
import type { Client } from '../domain.ts';
import { capturingLogger } from '../testing.ts';
import { fastHash, newSalt } from './hash-format.ts';
import { SecretUpgrades } from './upgrades.ts';

const slow: SlowHash = {
  kind: 'slow',
  parameters: { ln: 4, r: 8, p: 1 },
  salt: Buffer.alloc(16),
  hash: Buffer.alloc(32),
  text: '$scrypt$the-old-one',
};
const client: Client = { clientId: 'c', identifiers: ['implicit'], secret: slow };
const fast = fastHash('s', newSalt());

test('an upgrade takes effect in memory at once and is stored afterwards', async () => {
  const stored = Promise.withResolvers<void>();
  const replaced: Client[] = [];
  const upgraded = { value: 0 };
  const upgrades = new SecretUpgrades({
    store: { upgradeSecret: () => stored.promise },
    clients: { replace: (_before, after) => replaced.push(after) },
    logger: capturingLogger().logger,
    upgraded,
  });
  upgrades.begin(client, slow, fast);
  assert.deepEqual(replaced, [{ ...client, secret: fast }]);
  assert.equal(upgraded.value, 0);
  stored.resolve();
  await upgrades.settled();
  assert.equal(upgraded.value, 1);
});

test('an upgrade that cannot be stored is logged without the hash and fails no request', async () => {
  const { lines, logger } = capturingLogger();
  const upgrades = new SecretUpgrades({
    store: { upgradeSecret: () => Promise.reject(new Error('the store is down')) },
    clients: { replace: () => {} },
    logger,
    upgraded: { value: 0 },
  });
  upgrades.begin(client, slow, fast);
  await upgrades.settled();
  assert.match(lines.join(''), /the store is down/);
  assert.doesNotMatch(lines.join(''), /the-old-one|sha256/);
});
