import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { credentials, type FakeMesh, startFakeMesh, testTokens, tokenIssuer, until } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;

interface Shown {
  id: string;
  code: string;
  default: boolean;
}

describe('the currencies service', () => {
  let mesh: FakeMesh;
  let currencies: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    currencies = await startInstance(mesh.url);
    await currencies.service.ready;
  });
  after(async () => {
    await currencies.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer };
  });

  const callAt = async (url: string, method: string, path: string, body?: unknown, token = adminToken) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const call = (method: string, path: string, body?: unknown, token?: string) =>
    callAt(currencies.service.url, method, path, body, token);
  const list = async () => (await call('GET', '/v2/currencies', undefined, shopperToken)).body.data as Shown[];
  const make = (code: string) => call('POST', '/v2/currencies', { data: { code, format: '{price}' } });
  const put = (id: string, data: object) => call('PUT', `/v2/currencies/${id}`, { data });
  const clear = async () => {
    const [first, ...others] = await list();
    await put(first?.id ?? '', { default: true, enabled: true });
    for (const { id } of others) assert.equal((await call('DELETE', `/v2/currencies/${id}`)).status, 204);
  };

  test('lets no two requests that move the default leave two or none, whatever else is written and read', async () => {
    for (const code of ['EUR', 'GBP', 'CHF']) assert.equal((await make(code)).status, 201);
    let moving = true;
    const seen: number[] = [];
    const reader = (async () => {
      while (moving) seen.push((await list()).filter((one) => one.default).length);
    })();
    const ids = (await list()).map(({ id }) => id);
    for (let round = 0; round < 10; round += 1) {
      const replies = await Promise.all([
        ...ids.map((id) => put(id, { default: true })),
        ...ids.map((id) => call('DELETE', `/v2/currencies/${id}`)),
        ...ids.map((id) => put(id, { enabled: false })),
      ]);
      assert.ok(replies.every(({ status }) => [200, 204, 404, 422].includes(status)));
      const defaults = (await list()).filter((one) => one.default);
      assert.equal(defaults.length, 1, `round ${round}`);
    }
    moving = false;
    await reader;
    assert.ok(seen.length > 0);
    assert.deepEqual([...new Set(seen)], [1], 'a reader saw always one');
    await clear();
  });

  test('makes of many twins with one code one currency, and of eleven at once ten', async () => {
    const twins = await Promise.all(Array.from({ length: 8 }, () => make('EUR')));
    assert.deepEqual(twins.map(({ status }) => status).sort(), [201, ...Array(7).fill(400)]);
    const codes = ['AUD', 'BRL', 'CAD', 'CHF', 'DKK', 'GBP', 'INR', 'JPY', 'NOK'];
    const made = await Promise.all(codes.map(make));
    assert.equal(made.filter(({ status }) => status === 201).length, 8);
    assert.equal((await list()).length, 10);
    await clear();
  });

  test('one process has the file: a second one waits, and serves the same currencies afterwards', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'currencies-'));
    const one = await startInstance(mesh.url, { DATA_FOLDER: folder });
    await one.service.ready;
    const two = await startInstance(mesh.url, { DATA_FOLDER: folder });
    const at = async ({ service }: Instance, path: string) => callAt(service.url, 'GET', path);
    assert.deepEqual([(await at(two, '/health/ready')).status, (await at(two, '/v2/currencies')).status], [503, 503]);
    const made = { data: { code: 'EUR', format: '{price}' } };
    assert.equal((await callAt(one.service.url, 'POST', '/v2/currencies', made)).status, 201);
    const { body } = await at(one, '/v2/currencies');
    await one.close();
    await two.service.ready;
    await until('the second one to be ready', async () => (await at(two, '/health/ready')).status === 200);
    assert.deepEqual((await at(two, '/v2/currencies')).body, body);
    assert.equal(body.data.length, 2, 'no second dollars');
    await two.close();
    await rm(folder, { recursive: true });
  });

  test('is not ready without the folder of its data, and makes no empty store in its place', async () => {
    const away = join(tmpdir(), `currencies-${randomUUID()}`);
    const instance = await startInstance(mesh.url, { DATA_FOLDER: away });
    assert.equal((await callAt(instance.service.url, 'GET', '/health/ready')).status, 503);
    assert.equal((await callAt(instance.service.url, 'GET', '/health/live')).status, 200);
    assert.equal((await callAt(instance.service.url, 'GET', '/v2/currencies')).status, 503);
    await instance.close();
    assert.equal(existsSync(away), false);
  });

  test('is 503 while an access token cannot be verified', async () => {
    mesh.services = {};
    const { status, headers } = await call('GET', '/v2/currencies', undefined, 'c'.repeat(40));
    assert.deepEqual([status, headers.get('retry-after')], [503, '1']);
  });

  test('documents its routes', async () => {
    const { body } = await call('GET', '/docs/json');
    assert.ok(Object.keys(body.paths).includes('/v2/currencies/{id}'));
  });

  test('writes no token into its log', () => {
    const log = currencies.lines.join('');
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET])
      assert.ok(!log.includes(secret), secret);
  });
});
