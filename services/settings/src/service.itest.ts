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

const first = {
  ...{ type: 'settings', page_length: 100, list_child_products: true, additional_languages: [] },
  ...{ calculation_method: 'simple', currency_limit: 10 },
};

describe('the settings service', () => {
  let mesh: FakeMesh;
  let settings: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    settings = await startInstance(mesh.url);
    await settings.service.ready;
  });
  after(async () => {
    await settings.close();
    mesh.close();
  });
  beforeEach(async () => {
    mesh.services = { monolith: tokenIssuer };
    const { type: _type, currency_limit: _limit, ...members } = first;
    await put(members);
  });

  const callAt = async (
    url: string,
    method: string,
    path: string,
    {
      data,
      token = adminToken,
      headers = {},
    }: { data?: object; token?: string; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(data === undefined ? {} : { body: JSON.stringify({ data }) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const call = (method: string, path: string, options?: Parameters<typeof callAt>[3]) =>
    callAt(settings.service.url, method, path, options);
  const put = (data: object) => call('PUT', '/v2/settings', { data });

  test('a new store has settings from the start', async () => {
    const { status, body } = await call('GET', '/v2/settings');
    assert.deepEqual([status, body], [200, { data: first }]);
  });

  test('changes of different members at once undo none of the others', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const languages = round % 2 === 0 ? ['fr'] : ['de', 'es'];
      const method = round % 2 === 0 ? 'line' : 'simple';
      const members = { page_length: round, additional_languages: languages, calculation_method: method };
      const replies = await Promise.all(Object.entries(members).map(([name, value]) => put({ [name]: value })));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200, 200],
      );
      assert.deepEqual((await call('GET', '/v2/settings')).body.data, { ...first, ...members });
    }
  });

  test('a change with one wrong member changes nothing', async () => {
    const { status, body } = await put({ page_length: 7, calculation_method: 'guess' });
    assert.deepEqual([status, body.errors[0].source], [422, 'data.calculation_method']);
    assert.deepEqual((await call('GET', '/v2/settings')).body.data, first);
  });

  test('services are told the length of a page, and no client of the API is', async () => {
    await put({ page_length: 42 });
    const { INTROSPECTION_CLIENT_ID: id, INTROSPECTION_CLIENT_SECRET: secret } = credentials;
    const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    const asked = await call('GET', '/internal/settings', { headers: basic(`${id}:${secret}`) });
    assert.deepEqual([asked.status, asked.body], [200, { data: { page_length: 42, calculation_method: 'simple' } }]);
    for (const headers of [{}, basic(`${id}:`), basic(`x:${secret}`), { authorization: '' }]) {
      const { status, body } = await call('GET', '/internal/settings', { headers });
      assert.deepEqual([status, body.errors[0].detail], [401, 'The client credentials are not valid']);
    }
  });

  test('a shopper may not see them, and a currency that is not enabled is refused here too', async () => {
    assert.equal((await call('GET', '/v2/settings', { token: shopperToken })).status, 403);
    mesh.services.currencies = () => ({ status: 200, body: { data: [{ code: 'EUR', enabled: false }] } });
    const { status } = await call('GET', '/v2/settings', { headers: { 'x-moltin-currency': 'EUR' } });
    assert.equal(status, 400);
  });

  test('one process has the file: a second one waits, and serves the same settings afterwards', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'settings-'));
    const one = await startInstance(mesh.url, { DATA_FOLDER: folder });
    await one.service.ready;
    const two = await startInstance(mesh.url, { DATA_FOLDER: folder });
    const at = ({ service }: Instance, path: string) => callAt(service.url, 'GET', path);
    assert.deepEqual([(await at(two, '/health/ready')).status, (await at(two, '/v2/settings')).status], [503, 503]);
    const data = { page_length: 9, additional_languages: ['de', 'fr', 'de'] };
    assert.equal((await callAt(one.service.url, 'PUT', '/v2/settings', { data })).status, 200);
    await one.close();
    await two.service.ready;
    await until('the second one to be ready', async () => (await at(two, '/health/ready')).status === 200);
    assert.deepEqual((await at(two, '/v2/settings')).body, { data: { ...first, ...data } });
    await two.close();
    await rm(folder, { recursive: true });
  });

  test('is not ready without the folder of its data, and makes no empty store in its place', async () => {
    const away = join(tmpdir(), `settings-${randomUUID()}`);
    const instance = await startInstance(mesh.url, { DATA_FOLDER: away });
    assert.equal((await callAt(instance.service.url, 'GET', '/health/ready')).status, 503);
    assert.equal((await callAt(instance.service.url, 'GET', '/health/live')).status, 200);
    assert.equal((await callAt(instance.service.url, 'GET', '/v2/settings')).status, 503);
    await instance.close();
    assert.equal(existsSync(away), false);
  });

  test('is 503 while an access token cannot be verified', async () => {
    mesh.services = {};
    const { status, headers } = await call('GET', '/v2/settings', { token: 'c'.repeat(40) });
    assert.deepEqual([status, headers.get('retry-after')], [503, '1']);
  });

  test('documents its routes', async () => {
    const { body } = await call('GET', '/docs/json');
    assert.ok(Object.keys(body.paths).includes('/v2/settings'));
  });

  test('writes no token and no credentials into its log', () => {
    const log = settings.lines.join('');
    assert.ok(log.length > 0);
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET])
      assert.ok(!log.includes(secret), secret);
  });
});
