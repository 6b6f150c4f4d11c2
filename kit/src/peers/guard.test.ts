import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { currencyDisabled } from '../api/asked-currency.ts';
import { createServer, type Server } from '../http/server.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { type FakeMesh, startFakeMesh } from '../testing/fake-mesh.ts';
import { guardApi } from './guard.ts';
import { type Platform, platformOf } from './platform.ts';

const token = 'a'.repeat(40);
const customer = 'x.y.z';
const exp = 4_000_000_000;

describe('the guard of the API', () => {
  let mesh: FakeMesh;
  let platform: Platform;
  let server: Server;
  before(async () => {
    mesh = await startFakeMesh({
      monolith: ({ body }) => {
        const isKnown = new URLSearchParams(body).get('token') === token;
        const known = { active: true, client_id: 'c', identifier: 'implicit', scope: '', exp };
        return { status: 200, body: isKnown ? known : { active: false } };
      },
      customers: ({ headers }) => {
        const isKnown = headers['x-moltin-customer-token'] === customer;
        return { status: 200, body: isKnown ? { active: true, sub: 'ann', exp } : { active: false } };
      },
    });
    const credentials = { INTROSPECTION_CLIENT_ID: 'things', INTROSPECTION_CLIENT_SECRET: 'let me ask' };
    platform = platformOf({ MESH_URL: mesh.url, ...credentials }, { now: Date.now });
    server = await createServer({
      logger: createLogger({ level: 'silent', service: 'test' }),
      metrics: new Metrics(),
      errors: {},
      checks: {},
      docs: { title: 'test', version: '1', description: 'a server' },
    });
    guardApi(server, {
      ...platform,
      rule: ({ method }) => method === 'GET',
      requireCurrency: async ({ headers }) => {
        if (headers['x-moltin-currency'] === 'EUR') throw currencyDisabled();
      },
    });
    server.get('/v2/things', async ({ caller }) => ({ data: caller }));
    server.post('/v2/things', async () => ({}));
    server.get('/internal/things', async () => ({ data: [] }));
  });
  after(async () => {
    await server.close();
    await platform.mesh.close();
    mesh.close();
  });

  const ask = async (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) => {
    const reply = await server.inject({ method, url, headers });
    return { status: reply.statusCode, body: reply.json() };
  };
  const authorization = `Bearer ${token}`;

  test('knows the caller by the access token, and the customer by the second one', async () => {
    assert.equal((await ask('GET', '/v2/things')).status, 401);
    assert.equal((await ask('GET', '/v2/things', { authorization: `Bearer ${'b'.repeat(40)}` })).status, 401);
    const { body } = await ask('GET', '/v2/things', { authorization, 'x-moltin-customer-token': customer });
    assert.deepEqual(body.data, { kind: 'implicit', clientId: 'c', scope: '', subject: 'ann' });
  });

  test('refuses a wrong customer token and what the access token does not permit with 403', async () => {
    const wrong = await ask('GET', '/v2/things', { authorization, 'x-moltin-customer-token': 'z.z.z' });
    assert.deepEqual([wrong.status, wrong.body.errors[0].detail], [403, 'The customer token is not valid']);
    assert.equal((await ask('POST', '/v2/things', { authorization })).status, 403);
  });

  test('refuses a currency that is not enabled with 400, after the token', async () => {
    const currency = { 'x-moltin-currency': 'EUR' };
    const { status, body } = await ask('GET', '/v2/things', { authorization, ...currency });
    assert.deepEqual([status, body.errors[0].title], [400, 'BadRequestError']);
    assert.equal((await ask('GET', '/v2/things', currency)).status, 401);
  });

  test('checks nothing outside the API', async () => {
    assert.equal((await ask('GET', '/internal/things', { 'x-moltin-currency': 'EUR' })).status, 200);
  });
});
