import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrationsConfig, networksIn } from './config.ts';

const databaseUrl = 'postgres://integrations:pw@127.0.0.1:5432/integrations';

test('webhooks reach nothing inside the platform unless a setting says so', () => {
  const config = integrationsConfig({ DATABASE_URL: databaseUrl });
  assert.deepEqual([config.PORT, networksIn(config.WEBHOOK_NETWORKS)], [3105, []]);
  const { WEBHOOK_NETWORKS: some } = integrationsConfig({
    DATABASE_URL: databaseUrl,
    WEBHOOK_NETWORKS: '127.0.0.1, 10.1.0.0/16',
  });
  assert.deepEqual(networksIn(some), ['127.0.0.1', '10.1.0.0/16']);
});

test('all faults are reported at once, and no secret', () => {
  const env = { DATABASE_URL: 'mariadb://u:hidden@h/d', PORT: 'x', WEBHOOK_NETWORKS: 'localhost' };
  assert.throws(
    () => integrationsConfig(env),
    (error: Error) => {
      for (const name of ['DATABASE_URL', 'PORT', 'WEBHOOK_NETWORKS']) assert.match(error.message, new RegExp(name));
      return !error.message.includes('hidden');
    },
  );
});
