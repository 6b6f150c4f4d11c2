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

const { admin: adminToken, shopper: shopperToken } = testTokens;

const links: FakeService = ({ path }) => {
  const ids = new URL(path, 'http://x').searchParams.get('ids')?.split(',') ?? [];
  return {
    status: 200,
    body: { data: ids.map((id) => ({ id, products: ['p1', 'p2'] })), meta: { order: ['p2', 'p1'] } },
  };
};
const products: FakeService = (request) =>
  request.path.startsWith('/internal/')
    ? links(request)
    : { status: 200, body: { data: [{ id: 'p1' }, { id: 'p2', name: 'Two' }] } };
const settings: FakeService = () => ({ status: 200, body: { data: { page_length: 2 } } });
const currencies: FakeService = () => ({ status: 200, body: { data: [{ code: 'USD', enabled: true }] } });
const definition = (slug: string, members: object = {}) => ({
  ...{ id: `0b0b0b0b-0000-4000-8000-00000000000${slug.length}`, slug, name: slug, description: '' },
  ...{ field_type: 'string', required: false, unique: false, default: null, omit_null: false, validation_rules: [] },
  ...members,
});
const flowWith =
  (...fields: object[]): FakeService =>
  () => ({ status: 200, body: { data: { flow: { id: 'f', slug: 'brands' }, fields } } });
const noFlow: FakeService = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });

describe('the brands service', () => {
  let mesh: FakeMesh;
  let brands: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    brands = await startInstance(mesh.url);
    await brands.service.ready;
  });
  after(async () => {
    await brands.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer, products, settings, currencies, flows: noFlow };
    mesh.requests.length = 0;
  });

  const call = callerOf(() => brands.service.url, `Bearer ${adminToken}`);
  const make = async (members: object = {}) => {
    const data = { type: 'brand', name: 'N', slug: randomUUID(), status: 'live', ...members };
    const { status, body } = await call('POST', '/v2/brands', { data });
    assert.equal(status, 201, JSON.stringify(body));
    return body.data.id as string;
  };

  test('asks the owner of products once for a list, with its own credentials, and passes the trace on', async () => {
    for (let n = 0; n < 3; n += 1) await make();
    mesh.requests.length = 0;
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const { body } = await call('GET', '/v2/brands', undefined, {
      traceparent,
      authorization: `Bearer ${shopperToken}`,
    });
    assert.equal(body.meta.page.limit, 2, 'the page length of the settings');
    const asked = mesh.requests.filter(({ service }) => service === 'products');
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.path ?? '', /^\/internal\/links\/brands\?ids=[\w,-]+&live=true&order=false$/);
    assert.match(asked[0]?.headers.authorization ?? '', /^Basic /);
    assert.equal(asked[0]?.headers.traceparent, traceparent);
  });

  test('includes products in their order, as their owner shows them to the caller', async () => {
    const id = await make();
    mesh.requests.length = 0;
    const headers = { 'x-moltin-language': 'fr', 'x-moltin-currency': 'usd' };
    const { body } = await call('GET', `/v2/brands/${id}?include=products`, undefined, headers);
    assert.deepEqual(body.included.products, [{ id: 'p2', name: 'Two' }, { id: 'p1' }]);
    const asked = mesh.requests.find(({ path }) => path.startsWith('/v2/products'));
    assert.equal(asked?.path, '/v2/products?page[limit]=100&filter=in(id,p2,p1)');
    const { authorization, 'x-moltin-language': language, 'x-moltin-currency': currency } = asked?.headers ?? {};
    assert.deepEqual([authorization, language, currency], [`Bearer ${adminToken}`, 'fr', 'usd']);
  });

  test('replies without what it cannot ask for, and says so', async () => {
    const id = await make();
    const odd: FakeService = () => ({ status: 200, body: { data: {} } });
    const nothing: FakeService = () => ({ status: 200, body: 'null' });
    for (const broken of [
      undefined,
      () => ({ status: 500, body: '<html>' }),
      () => ({ status: 401, body: {} }),
      odd,
      nothing,
    ]) {
      mesh.services = {
        monolith: tokenIssuer,
        ...(broken && { products: broken, settings: broken, currencies: broken }),
      };
      const headers = { 'x-moltin-currency': 'XXX' };
      const one = await call('GET', `/v2/brands/${id}?include=products`, undefined, headers);
      assert.deepEqual([one.status, one.body.data.relationships, 'included' in one.body], [200, {}, false]);
      assert.equal(one.headers.get('x-banyan-missing'), 'products');
      const list = await call('GET', '/v2/brands');
      assert.deepEqual([list.status, list.body.meta.page.limit], [200, 2], 'the last page length known');
      assert.equal((await call('PUT', `/v2/brands/${id}`, { data: { name: 'Changed' } })).status, 200);
    }
    mesh.services = {
      monolith: tokenIssuer,
      products: (request) => (request.path.startsWith('/internal/') ? links(request) : { status: 503 }),
    };
    const half = await call('GET', `/v2/brands/${id}?include=products`);
    assert.equal(half.body.data.relationships.products.data.length, 2);
    assert.deepEqual([half.headers.get('x-banyan-missing'), 'included' in half.body], ['products', false]);
  });

  test('is 503 while an access token cannot be verified, and a JWT is not mistaken for invalid', async () => {
    mesh.services = {};
    const headers = { authorization: `Bearer ${'c'.repeat(40)}` };
    const opaque = await call('GET', '/v2/brands', undefined, headers);
    assert.deepEqual([opaque.status, opaque.headers.get('retry-after')], [503, '1']);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const jwt = `${part({ alg: 'ES256', typ: 'JWT', kid: 'k1' })}.${part({ sub: 'x' })}.AA`;
    const signed = await call('GET', '/v2/brands', undefined, { authorization: `Bearer ${jwt}` });
    assert.deepEqual([signed.status, signed.body.errors[0].status], [503, 503]);
  });

  test('makes of many twins with one slug one brand, and the others are 422', async () => {
    const data = { type: 'brand', name: 'N', slug: randomUUID() };
    const replies = await Promise.all(Array.from({ length: 8 }, () => call('POST', '/v2/brands', { data })));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
  });

  test('lets no two concurrent moves close a circle', async () => {
    const [one, two] = [await make(), await make()];
    const under = (child: string, id: string) =>
      call('PUT', `/v2/brands/${child}/relationships/parent`, { data: { type: 'brand', id } });
    const replies = await Promise.all([under(one, two), under(two, one)]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 422]);
  });

  test('a brand that is deleted while another becomes its child leaves no parent behind', async () => {
    const [parent, child] = [await make(), await make()];
    const data = { data: { type: 'brand', id: parent } };
    const [deleted] = await Promise.all([
      call('DELETE', `/v2/brands/${parent}`),
      call('PUT', `/v2/brands/${child}/relationships/parent`, data),
    ]);
    assert.equal(deleted.status, 204);
    const rows = await brands.database.query<{ parent_id: string | null }>(
      `select parent_id from brands where id = '${child}'`,
    );
    assert.equal(rows[0]?.parent_id, null);
  });

  test('while flows are away, brands keep the fields that they had', async () => {
    mesh.services.flows = flowWith(definition('note'));
    const id = await make({ note: 'kept' });
    delete mesh.services.flows;
    const one = await call('GET', `/v2/brands/${id}`);
    assert.deepEqual([one.body.data.note, one.headers.get('x-banyan-missing')], ['kept', null]);
    assert.equal((await call('PUT', `/v2/brands/${id}`, { data: { note: 'changed' } })).body.data.note, 'changed');
    mesh.services.flows = flowWith();
    assert.equal('note' in (await call('GET', `/v2/brands/${id}`)).body.data, false);
    mesh.services.flows = flowWith(definition('note'));
    assert.equal((await call('GET', `/v2/brands/${id}`)).body.data.note, 'changed');
  });

  test('what a field leads to is left out while its owner is away, and the reply says whose it is', async () => {
    const rules = { field_type: 'relationship', validation_rules: [{ type: 'one-to-one', to: 'maker' }] };
    const field = definition('maker', { ...rules, target: { plural: 'makers', seen_by: 'everyone' } });
    mesh.services.flows = flowWith(field);
    const id = await make();
    const maker = randomUUID();
    const value = JSON.stringify({ [field.id]: { id: maker, type: 'maker' } });
    await brands.database.query(`update brands set field_values = '${value}' where id = '${id}'`);
    const paths = [`/v2/brands/${id}`, `/v2/brands?filter=eq(id,${id})`, `/v2/flows/brands/entries/${id}`];
    for (const path of paths) {
      const { status, headers, body } = await call('GET', `${path}${path.includes('?') ? '&' : '?'}include=maker`);
      assert.deepEqual([status, headers.get('x-banyan-missing'), 'included' in body], [200, 'makers', false], path);
    }
    mesh.services.makers = () => ({ status: 200, body: { data: [{ id: maker }] } });
    for (const path of paths) {
      const { headers, body } = await call('GET', `${path}${path.includes('?') ? '&' : '?'}include=maker`);
      assert.deepEqual([headers.get('x-banyan-missing'), body.included], [null, { makers: [{ id: maker }] }], path);
    }
  });

  test('of many brands that take one value of a unique field at once, one has it', async () => {
    mesh.services.flows = flowWith(definition('code', { unique: true }));
    const data = () => ({ type: 'brand', name: 'N', slug: randomUUID(), code: 'é "1"' });
    const replies = await Promise.all(Array.from({ length: 8 }, () => call('POST', '/v2/brands', { data: data() })));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
  });

  test('of twins with one Idempotency-Key, one sets the values of an entry, and all have its reply', async () => {
    mesh.services.flows = flowWith(definition('note'));
    const id = await make();
    const send = (key: string, members: object) =>
      call('POST', '/v2/flows/brands/entries', { data: { type: 'entry', ...members } }, { 'idempotency-key': key });
    const twins = await Promise.all(Array.from({ length: 8 }, () => send('twins', { id, note: 'first' })));
    assert.deepEqual([...new Set(twins.map(({ status }) => status))], [201]);
    assert.equal(new Set(twins.map(({ body }) => JSON.stringify(body))).size, 1);
    const one = `/v2/flows/brands/entries/${id}`;
    await call('PUT', one, { data: { type: 'entry', note: 'later' } });
    assert.deepEqual((await send('twins', { id, note: 'first' })).body, twins[0]?.body);
    assert.equal((await call('GET', one)).body.data.note, 'later');
    assert.equal((await send('twins', { id, note: 'other' })).body.errors[0].title, 'Idempotency-Key reused');
    assert.equal((await send('two words', { id })).status, 400);
    const missing = { id: randomUUID(), note: 'x' };
    assert.deepEqual([(await send('none', missing)).status, (await send('none', missing)).status], [404, 404]);
    assert.deepEqual(await brands.database.query('select owner from keyed_replies'), [{ owner: id }]);
  });

  test('forgets replies that are older than a day when it starts', async () => {
    await brands.database.query("update keyed_replies set created_at_us = 1 where owner <> ''");
    const other = await startInstance(mesh.url, { DATABASE_URL: brands.database.url });
    await until('the replies to be gone', async () => {
      return (await brands.database.query('select hash from keyed_replies')).length === 0;
    });
    await other.close();
  });

  test('documents its routes', async () => {
    const { body } = await call('GET', '/docs/json');
    assert.ok(Object.keys(body.paths).includes('/v2/brands/{id}/relationships/children'));
  });

  test('is not ready while its store is down, and serves again when it is back', async () => {
    const id = await make();
    await brands.database.takeDown();
    const { status, body } = await call('GET', `/v2/brands/${id}`);
    assert.deepEqual([status, body.errors[0].title], [503, 'Service Unavailable']);
    assert.equal((await call('GET', '/health/ready')).status, 503);
    assert.equal((await call('GET', '/health/live')).status, 200);
    await brands.database.bringBack();
    await until('the store to be back', async () => (await call('GET', '/health/ready')).status === 200);
    assert.equal((await call('GET', `/v2/brands/${id}`)).status, 200);
  });

  test('writes no token into its log', () => {
    const log = brands.lines.join('');
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET])
      assert.ok(!log.includes(secret), secret);
  });
});

test('a service that has never reached flows shows brands without fields and says so, and takes no writes', async () => {
  const mesh = await startFakeMesh({ monolith: tokenIssuer, products, settings, currencies });
  const brands = await startInstance(mesh.url);
  try {
    await brands.service.ready;
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const list = await fetch(`${brands.service.url}/v2/brands`, { headers });
    assert.deepEqual([list.status, list.headers.get('x-banyan-missing')], [200, 'flows']);
    const body = JSON.stringify({ data: { type: 'brand', name: 'N', slug: randomUUID() } });
    const refused = await fetch(`${brands.service.url}/v2/brands`, { method: 'POST', headers, body });
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    mesh.services.flows = noFlow;
    assert.equal((await fetch(`${brands.service.url}/v2/brands`, { method: 'POST', headers, body })).status, 201);
  } finally {
    await brands.close();
    mesh.close();
  }
});
