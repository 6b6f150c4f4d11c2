import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { SlowFunction } from '@banyan/kit/secrets';
import {
  asPeer,
  callerOf,
  type FakeMesh,
  type FakeService,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const cheap: SlowFunction = async (secret, salt, length) =>
  Buffer.alloc(length, Buffer.from(`${secret}${salt.toString('hex')}`));

const field = (slug: string, members: object = {}) => ({
  ...{ id: `0b0b0b0b-0000-4000-8000-00000000000${slug.length}`, slug, name: slug, description: '' },
  ...{ field_type: 'string', required: false, unique: false, default: null, omit_null: false, validation_rules: [] },
  ...members,
});
const flowWith =
  (...fields: object[]): FakeService =>
  () => ({ status: 200, body: { data: { flow: { id: 'f', slug: 'customers' }, fields } } });
const noFlow: FakeService = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });
const settings: FakeService = () => ({ status: 200, body: { data: { page_length: 2 } } });
const currencies: FakeService = () => ({ status: 200, body: { data: [{ code: 'USD', enabled: true }] } });
const address = {
  ...{ type: 'address', first_name: 'Ada', last_name: 'Byron', line_1: '1 Row', postcode: 'N1', county: 'London' },
  country: 'GB',
};

describe('the customers service', () => {
  let mesh: FakeMesh;
  let customers: Instance;
  /** Hashes that wait for the test; undefined: none does. */
  let held: (() => void)[] | undefined;
  before(async () => {
    mesh = await startFakeMesh();
    const compute: SlowFunction = async (...args) => {
      if (held) await new Promise<void>((resolve) => held?.push(resolve));
      return cheap(...args);
    };
    const env = { SLOW_HASH_CONCURRENCY: '2', SLOW_HASH_MEMORY_MB: '1000', SLOW_HASH_QUEUE: '3' };
    customers = await startInstance(mesh.url, env, { compute });
    await customers.service.ready;
  });
  after(async () => {
    await customers.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer, settings, currencies, flows: noFlow };
    mesh.requests.length = 0;
    held = undefined;
  });

  const admin = callerOf(() => customers.service.url, `Bearer ${testTokens.admin}`);
  const shopper = callerOf(() => customers.service.url, `Bearer ${testTokens.shopper}`);
  const peer = callerOf(() => customers.service.url, asPeer);
  const make = async (members: object = {}) => {
    const data = { type: 'customer', name: 'N', email: `${randomUUID()}@example.com`, ...members };
    const { status, body } = await shopper('POST', '/v2/customers', { data });
    assert.equal(status, 201, JSON.stringify(body));
    return body.data as { id: string; email: string };
  };
  const signIn = (email: string, password: string) =>
    shopper('POST', '/v2/customers/tokens', { data: { type: 'token', email, password } });
  const tokenFor = async (email: string, password: string) => (await signIn(email, password)).body.data.token as string;
  const as = (token: string) => ({ 'x-moltin-customer-token': token });

  test('verifies customer tokens itself, and asks no peer about them', async () => {
    const { id, email } = await make({ password: 'secret' });
    const token = await tokenFor(email, 'secret');
    mesh.requests.length = 0;
    assert.equal((await shopper('GET', `/v2/customers/${id}`, undefined, as(token))).body.data.id, id);
    const wrong = await shopper('GET', `/v2/customers/${id}`, undefined, as('a.b.c'));
    assert.deepEqual([wrong.status, wrong.body.errors[0].detail], [403, 'The customer token is not valid']);
    assert.deepEqual(
      mesh.requests.filter(({ service }) => service === 'customers' || service === 'monolith'),
      [],
    );
  });

  test('tells services which customers exist and whose a token is, and no one else', async () => {
    const { id, email } = await make({ password: 'secret' });
    const token = await tokenFor(email, 'secret');
    const ids = `id=${id.toUpperCase()}&id=${randomUUID()}`;
    assert.deepEqual((await peer('GET', `/internal/customers?${ids}`)).body, { data: [{ id }] });
    assert.deepEqual((await peer('GET', '/internal/customers')).body, { data: [] });
    assert.equal((await peer('GET', '/internal/customers?id=x')).status, 400);
    const made = await admin('POST', `/v2/customers/${id}/addresses`, { data: address });
    const ofAddress = `id=${made.body.data.id}&id=${id}&id=x`;
    assert.deepEqual((await peer('GET', `/internal/targets/customer?${ids}&id=x`)).body, { data: [id.toUpperCase()] });
    assert.deepEqual((await peer('GET', `/internal/targets/address?${ofAddress}`)).body, { data: [made.body.data.id] });
    assert.equal((await peer('GET', `/internal/customers?${Array(101).fill(`id=${id}`).join('&')}`)).status, 400);
    const told = await peer('GET', '/internal/customers/token', undefined, as(token));
    assert.deepEqual([told.status, told.headers.get('cache-control')], [200, 'no-store']);
    const { active, sub, exp } = told.body;
    assert.deepEqual([active, sub, exp > Date.now() / 1_000], [true, id, true]);
    assert.deepEqual((await peer('GET', '/internal/customers/token', undefined, as(`${token}x`))).body, {
      active: false,
    });
    assert.equal((await peer('GET', '/internal/customers/token')).status, 400);
    await admin('PUT', `/v2/customers/${id}`, { data: { password: 'other' } });
    assert.deepEqual((await peer('GET', '/internal/customers/token', undefined, as(token))).body, { active: false });
    for (const call of [admin, shopper]) {
      for (const path of ['/internal/customers', '/internal/customers/token', '/internal/targets/customer']) {
        assert.equal((await call('GET', path, undefined, as(token))).status, 401, path);
      }
    }
  });

  test('hashes a few passwords at a time, lets some wait, and refuses the rest, while other requests go on', async () => {
    const { id, email } = await make({ password: 'secret' });
    held = [];
    const asked = Array.from({ length: 6 }, () => signIn(email, 'secret'));
    const first = await Promise.race(asked);
    assert.deepEqual(
      [first.status, first.headers.get('retry-after'), first.body.errors[0].title],
      [503, '1', 'Service Unavailable'],
    );
    await until('two hashes', () => held?.length === 2);
    assert.equal(
      (await admin('GET', `/v2/customers/${id}`)).status,
      200,
      'nothing waits for a hash but what needs one',
    );
    assert.match(await (await fetch(`${customers.service.url}/metrics`)).text(), /customers_slow_hashes_waiting 3/);
    for (let done = 0; done < 5; done += 1) {
      await until('a hash', () => (held?.length ?? 0) > done);
      held[done]?.();
    }
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    assert.deepEqual(statuses.toSorted(), [201, 201, 201, 201, 201, 503]);
  });

  test('an e-mail address that many want at once is one customer', async () => {
    const email = `${randomUUID()}@example.com`;
    const data = { type: 'customer', name: 'N' };
    const replies = await Promise.all(
      [email, email.toUpperCase(), email, `A${email}`, email].map((one) =>
        shopper('POST', '/v2/customers', { data: { ...data, email: one } }),
      ),
    );
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [201, 201, 422, 422, 422]);
    const { body } = await admin('GET', `/v2/customers?filter=like(email,*${email})`);
    assert.equal(body.meta.results.total, 2);
    assert.equal(body.meta.page.limit, 2, 'the page length of the settings');
  });

  test('a value of a unique field that many want at once is that of one address', async () => {
    mesh.services.flows = flowWith(field('door', { unique: true }));
    const { id } = await make();
    const door = randomUUID();
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => admin('POST', `/v2/customers/${id}/addresses`, { data: { ...address, door } })),
    );
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [201, 422, 422, 422]);
    assert.equal((await admin('GET', `/v2/customers/${id}/addresses`)).body.data.length, 1);
  });

  test('a customer who is deleted while addresses are made leaves none behind', async () => {
    const { id } = await make();
    const path = `/v2/customers/${id}/addresses`;
    const replies = await Promise.all([
      ...Array.from({ length: 4 }, () => admin('POST', path, { data: address })),
      admin('DELETE', `/v2/customers/${id}`),
      ...Array.from({ length: 4 }, () => admin('POST', path, { data: address })),
    ]);
    for (const { status } of replies) assert.ok([201, 204, 404].includes(status), String(status));
    const rows = await customers.database.query(`select id from addresses where customer_id = '${id}'`);
    assert.deepEqual(rows, []);
  });

  test('without the owner of flows that was never reached, reads say what is missing and writes are 503', async () => {
    mesh.services.flows = () => ({ status: 503, body: { errors: [] } });
    const another = await startInstance(mesh.url, {}, { compute: cheap });
    try {
      await another.service.ready;
      const there = callerOf(another.service.url, `Bearer ${testTokens.admin}`);
      const list = await there('GET', '/v2/customers');
      assert.deepEqual([list.status, list.headers.get('x-banyan-missing')], [200, 'flows']);
      const data = { type: 'customer', name: 'N', email: 'a@b' };
      assert.equal((await there('POST', '/v2/customers', { data })).status, 503);
      mesh.services.flows = noFlow;
      await until('the fields', async () => (await there('POST', '/v2/customers', { data })).status === 201);
    } finally {
      await another.close();
    }
  });

  test('a store that is down is 503, and readiness says so', async () => {
    await customers.database.takeDown();
    try {
      const { status, headers } = await admin('GET', '/v2/customers');
      assert.deepEqual([status, headers.get('retry-after') !== null], [503, true]);
      assert.equal((await signIn('a@b', 'x')).status, 503);
      assert.equal((await fetch(`${customers.service.url}/health/ready`)).status, 503);
    } finally {
      await customers.database.bringBack();
    }
    await until('the store', async () => (await admin('GET', '/v2/customers')).status === 200);
  });

  test('no password, hash, token or key is in the log, in an error or in what peers get', async () => {
    const secrets = ['correct horse battery', 'Tr0ub4dor and three'];
    const { id, email } = await make({ password: secrets[0] });
    const token = await tokenFor(email, secrets[0] ?? '');
    const replies = [
      await signIn(email, secrets[1] ?? ''),
      await signIn(`no-one-${email}`, secrets[1] ?? ''),
      await admin('PUT', `/v2/customers/${id}`, { data: { password: secrets[1], email: 'not an address' } }),
      await admin('POST', '/v2/customers', { data: { type: 'customer', name: 'N', email, password: secrets[1] } }),
      await admin('POST', '/v2/customers/tokens', `{"data":{"password":"${secrets[1]}"`),
      await shopper('GET', `/v2/customers/${randomUUID()}`, undefined, as(token)),
      await shopper('GET', `/v2/customers/${id}?token=${token}`, undefined, as(`${token.slice(0, -4)}AAAA`)),
      await peer('GET', '/internal/customers/token', undefined, as(token)),
      await admin('PUT', `/v2/customers/${id}`, { data: { password: secrets[1] } }),
    ];
    await customers.database.takeDown();
    try {
      replies.push(await signIn(email, secrets[1] ?? ''));
      replies.push(await shopper('GET', `/v2/customers/${id}`, undefined, as(token)));
      const data = { type: 'customer', name: 'N', email: `x${email}`, password: secrets[1] };
      replies.push(await admin('POST', '/v2/customers', { data }));
    } finally {
      await customers.database.bringBack();
    }
    await until('the store', async () => (await admin('GET', '/v2/customers')).status === 200);
    const hashes = await customers.database.query<{ password_hash: string | null }>(
      'select password_hash from customers',
    );
    const [{ signing_key } = { signing_key: '' }] = await customers.database.query<{ signing_key: string }>(
      'select hex(signing_key) as signing_key from token_key',
    );
    const outbox = await customers.database.query('select * from outbox');
    const seen = JSON.stringify([
      customers.lines,
      replies.map(({ body, headers }) => [body, [...headers]]),
      mesh.requests,
      outbox,
    ]);
    const parts = [...secrets, token, token.split('.')[2] ?? '', signing_key, signing_key.toLowerCase()];
    for (const secret of [...parts, ...hashes.flatMap(({ password_hash }) => password_hash ?? [])]) {
      assert.ok(secret.length > 8 && !seen.includes(secret), secret);
    }
    assert.ok(customers.lines.length > 0);
  });
});
