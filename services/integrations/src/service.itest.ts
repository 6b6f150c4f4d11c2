import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  callerOf,
  credentials,
  type FakeMesh,
  type FakeService,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';
import { openReceiver } from './webhooks/testing.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;
const secret = 'whsec_bm90IGluIGEgbG9n';

const settings: FakeService = () => ({ status: 200, body: { data: { page_length: 2 } } });
const currencies: FakeService = () => ({ status: 200, body: { data: [{ code: 'USD', enabled: true }] } });

describe('the integrations service', () => {
  let mesh: FakeMesh;
  let instance: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    instance = await startInstance(mesh.url);
    await instance.service.ready;
  });
  after(async () => {
    await instance.close();
    mesh.close();
  });
  beforeEach(async () => {
    mesh.services = { monolith: tokenIssuer, settings, currencies };
    mesh.requests.length = 0;
    await instance.database.query('delete from integrations');
  });

  const call = callerOf(() => instance.service.url, `Bearer ${adminToken}`);
  const make = (members: object = {}, headers: Record<string, string> = {}) => {
    const kinds = { type: 'integration', integration_type: 'webhook', name: 'N', description: '' };
    const configuration = { url: 'https://hooks.example.com/', secret_key: secret };
    const data = { ...kinds, observes: ['brand.created'], configuration, ...members };
    return call('POST', '/v2/integrations', { data }, headers);
  };

  test('the limit of five holds for requests at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => make()));
    assert.deepEqual(made.map(({ status }) => status).sort(), [201, 201, 201, 201, 201, 422, 422, 422]);
  });

  test('a store has at most 100', async () => {
    await instance.database.query(
      `insert into integrations select gen_random_uuid(), 'x', '', false, '{}', 'http://x', null, 1, 1
       from generate_series(1, 100)`,
    );
    const { status, body } = await make();
    assert.deepEqual([status, body.errors[0].title], [422, 'Integration limit reached']);
  });

  test('twins with one Idempotency-Key make one integration and get one reply', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const replies = await Promise.all([make({}, key), make({}, key), make({}, key)]);
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([201]));
    assert.equal(new Set(replies.map(({ body }) => body.data.id)).size, 1);
    assert.equal((await call('GET', '/v2/integrations')).body.data.length, 1);
  });

  test('a refusal by a limit is kept with its key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    for (let n = 0; n < 5; n += 1) await make();
    const refused = await make({}, key);
    assert.equal(refused.status, 422);
    await instance.database.query('delete from integrations');
    const again = await make({}, key);
    assert.deepEqual([again.status, again.body], [422, refused.body]);
  });

  test('lists have the page length of the settings, asked with its own credentials', async () => {
    const { body } = await call('GET', '/v2/integrations/logs');
    assert.equal(body.meta.page.limit, 2);
    const [asked] = mesh.requests.filter(({ service }) => service === 'settings');
    assert.match(asked?.headers.authorization ?? '', /^Basic /);
  });

  test('a peer that cannot be asked fails no request, and a token that cannot be verified is 503', async () => {
    mesh.services = { monolith: tokenIssuer };
    const list = await call('GET', '/v2/integrations/logs', undefined, { 'x-moltin-currency': 'XXX' });
    assert.deepEqual([list.status, list.body.meta.page.limit], [200, 2]);
    mesh.services = {};
    const unknown = await call('GET', '/v2/integrations', undefined, { authorization: `Bearer ${'c'.repeat(40)}` });
    assert.equal(unknown.status, 503);
  });

  test('every path of the API is closed to shoppers and to the anonymous', async () => {
    const routes = instance.service.printRoutes();
    assert.match(routes, /integrations/);
    const id = (await make()).body.data.id;
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/logs'],
      ['GET', '/attributes'],
      ['GET', `/${id}`],
      ['PUT', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/logs`],
      ['GET', `/${id}/jobs`],
      ['GET', `/${id}/jobs/${id}/logs`],
    ] as const) {
      const url = `/v2/integrations${path}`;
      const shopper = await call(method, url, undefined, { authorization: `Bearer: ${shopperToken}` });
      const anonymous = await call(method, url, undefined, { authorization: '' });
      assert.deepEqual([shopper.status, anonymous.status], [403, 401], url);
    }
  });

  test('a fact is planned, delivered at once and logged', async () => {
    const received: string[] = [];
    const receiver = await openReceiver();
    receiver.reply = (response, { headers }) => {
      received.push(String(headers['webhook-id']));
      response.end();
    };
    const id = (await make({ enabled: true, configuration: { url: receiver.url } })).body.data.id;
    const aggregateId = randomUUID();
    await instance.service.hear({
      ...{ id: randomUUID(), type: 'brand.created', typeVersion: 1, aggregateId, aggregateVersion: 1 },
      ...{ state: { data: { id: aggregateId } }, occurredAtUs: Date.now() * 1_000 },
    });
    await until('the webhook', async () => received.length === 1);
    await until('its log', async () => (await call('GET', `/v2/integrations/${id}/logs`)).body.data.length === 1);
    const [job] = (await call('GET', `/v2/integrations/${id}/jobs`)).body.data;
    assert.deepEqual([job.id, job.status, job.triggered_by], [received[0], 'delivered', 'brand.created']);
    const logs = (await call('GET', `/v2/integrations/${id}/jobs/${job.id}/logs`)).body.data;
    assert.deepEqual([logs.length, logs[0].succeeded, logs[0].attempt], [1, true, 1]);
    await receiver.close();
  });

  test('is not ready while its store is down, and serves again when it is back', async () => {
    await instance.database.takeDown();
    assert.equal((await call('GET', '/v2/integrations')).status, 503);
    assert.equal((await call('GET', '/health/ready')).status, 503);
    assert.equal((await call('GET', '/health/live')).status, 200);
    await instance.database.bringBack();
    await until('the store to be back', async () => (await call('GET', '/health/ready')).status === 200);
    assert.equal((await call('GET', '/v2/integrations')).status, 200);
  });

  test('writes no token and no secret key into its log', async () => {
    await make();
    const log = instance.lines.join('');
    for (const text of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET, secret])
      assert.ok(!log.includes(text), text);
  });
});
