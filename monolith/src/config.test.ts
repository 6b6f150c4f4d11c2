import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseConfig } from './config.ts';

const storeUrl = 'postgres://shop:hunter2@store:5432/monolith';

describe('parseConfig', () => {
  test('needs the database only', () => {
    const parsed = parseConfig({ DATABASE_URL: storeUrl });
    assert.deepEqual(parsed, {
      ok: true,
      config: {
        host: '127.0.0.1',
        port: 3000,
        databaseUrl: storeUrl,
        filesFolder: fileURLToPath(new URL('../../.banyan/files', import.meta.url)),
        publicUrl: 'http://127.0.0.1:3000',
        debtsPaid: [],
        jwksUrl: undefined,
        inventoriesUrl: undefined,
        edgeUrl: undefined,
        introspection: undefined,
        webhookNetworks: [],
        logLevel: 'info',
      },
    });
  });

  test('reads everything', () => {
    const parsed = parseConfig({
      DATABASE_URL: storeUrl,
      HOST: '0.0.0.0',
      PORT: '0',
      PUBLIC_URL: 'https://shop.example/',
      FILES_FOLDER: '/srv/files/',
      DEBTS_PAID: 'eav-joins',
      JWKS_URL: 'http://auth/.well-known/jwks.json',
      INTROSPECTION_CLIENT_ID: 'auth',
      INTROSPECTION_CLIENT_SECRET: 's',
      WEBHOOK_NETWORKS: '127.0.0.1, 10.1.0.0/16',
      LOG_LEVEL: 'warn',
    });
    assert.ok(parsed.ok);
    assert.equal(parsed.config.publicUrl, 'https://shop.example');
    assert.equal(parsed.config.filesFolder, '/srv/files');
    assert.deepEqual(parsed.config.debtsPaid, ['eav-joins']);
    assert.deepEqual(parsed.config.webhookNetworks, ['127.0.0.1', '10.1.0.0/16']);
    assert.deepEqual(parsed.config.introspection, { clientId: 'auth', clientSecret: 's' });
  });

  test('gives every fault at once, with key, value and rule', () => {
    const parsed = parseConfig({
      PORT: '70000',
      DATABASE_URL: 'mysql://root:hunter2@store/x',
      JWKS_URL: 'ftp://auth',
      INVENTORIES_URL: 'inventories',
      EDGE_URL: 'edge',
      DEBTS_PAID: 'tunable,no-such-debt',
      INTROSPECTION_CLIENT_ID: 'auth',
      WEBHOOK_NETWORKS: 'localhost',
      LOG_LEVEL: 'loud',
    });
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.faults.map(({ key }) => key),
      [
        'PORT',
        'DATABASE_URL',
        'JWKS_URL',
        'INVENTORIES_URL',
        'EDGE_URL',
        'DEBTS_PAID',
        'INTROSPECTION_CLIENT_SECRET',
        'WEBHOOK_NETWORKS',
        'LOG_LEVEL',
      ],
    );
    assert.ok(parsed.faults.every(({ rule }) => rule.length > 0));
    assert.equal(parsed.faults.find(({ key }) => key === 'DEBTS_PAID')?.value, 'no-such-debt');
    assert.doesNotMatch(JSON.stringify(parsed.faults), /hunter2/, 'a password must not be shown');
  });
});
