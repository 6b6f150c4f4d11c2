import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  asPeer,
  callerOf,
  credentials,
  type FakeMesh,
  type FakeReply,
  startFakeMesh,
  testTokens,
  tokenIssuer,
} from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;

describe('the flows service', () => {
  let mesh: FakeMesh;
  let flows: Instance;
  before(async () => {
    mesh = await startFakeMesh({ monolith: tokenIssuer });
    flows = await startInstance(mesh.url);
    await flows.service.ready;
  });
  after(async () => {
    await flows.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer };
    mesh.requests.length = 0;
  });

  const call = callerOf(() => flows.service.url, `Bearer ${adminToken}`);
  const made = async (path: string, data: object) => {
    const { status, body } = await call('POST', path, { data });
    assert.equal(status, 201, JSON.stringify(body));
    return body.data.id as string;
  };
  const makeFlow = (slug: string) =>
    made('/v2/flows', { type: 'flow', name: slug, slug, description: '', enabled: true });
  const addField = (flow: string, slug: string, members: object = {}) =>
    made('/v2/fields', {
      ...{ type: 'field', name: slug, slug, field_type: 'string', description: '', required: false, ...members },
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    });
  const to = (target: string) => ({
    field_type: 'relationship',
    validation_rules: [{ type: 'one-to-many', to: target }],
  });
  /** The entries of a new flow with a field, and one entry. */
  const makeEntry = async (field: string, members: object) => {
    const slug = `s${randomUUID()}`;
    await addField(await makeFlow(slug), field, members);
    const list = `/v2/flows/${slug}/entries`;
    return { slug, list, one: `${list}/${await made(list, { type: 'entry' })}` };
  };

  describe('sends requests for the entries of a core flow on', () => {
    let reply: FakeReply;
    let flow: string;
    before(async () => {
      flow = await makeFlow('cart_items');
    });
    after(() => call('DELETE', `/v2/flows/${flow}`));
    beforeEach(() => {
      reply = { status: 201, body: '{"data":{"id":"theirs"}}' };
      mesh.services.carts = () => reply;
      mesh.requests.length = 0;
    });
    const sent = () => mesh.requests.filter(({ service }) => service === 'carts');

    test('to their owner by its name, by the slug, with what the client sent, byte by byte', async () => {
      const body = '{"data": {"type":"entry","id":"x","size":1e400,"note":"é"} }';
      const headers = {
        ...{ authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', 'idempotency-key': 'k' },
        ...{ 'x-moltin-language': 'fr', cookie: 'private=1', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
      };
      for (const name of [flow, flow.toUpperCase(), 'cart_items']) {
        const url = `${flows.service.url}/v2/flows/${name}/entries?a=%20b`;
        const response = await fetch(url, { method: 'POST', headers, body });
        assert.deepEqual([response.status, await response.json()], [201, { data: { id: 'theirs' } }]);
        const last = sent().at(-1);
        assert.deepEqual([last?.method, last?.path, last?.body], ['POST', '/v2/flows/cart_items/entries?a=%20b', body]);
        const { authorization, 'idempotency-key': key, 'x-moltin-language': language, cookie } = last?.headers ?? {};
        assert.deepEqual([authorization, key, language, cookie], [headers.authorization, 'k', 'fr', undefined]);
        assert.equal(last?.headers.traceparent, headers.traceparent);
      }
      const kept = await flows.database.query('select hash from keyed_replies');
      assert.deepEqual(kept, [], 'the owner keeps the key');
    });

    test('of every kind, and hands the reply on', async () => {
      const one = `/v2/flows/${flow}/entries/x%2Fy`;
      reply = { status: 422, body: { errors: [{ status: 422 }] } };
      assert.deepEqual((await call('PUT', one, { data: {} })).body, reply.body);
      reply = { status: 204, body: '' };
      const deleted = await call('DELETE', one);
      assert.deepEqual([deleted.status, deleted.headers.get('content-type')], [204, null]);
      reply = { status: 200, body: { data: [] } };
      assert.equal((await call('POST', `${one}/relationships/goods`, { data: [] })).status, 200);
      const reading = await fetch(flows.service.url + one, { headers: { authorization: `Bearer ${shopperToken}` } });
      assert.deepEqual([reading.status, await reading.json()], [200, { data: [] }]);
      assert.equal(
        (await fetch(flows.service.url + one, { method: 'HEAD' })).status,
        401,
        'not before it is known who asks',
      );
      assert.deepEqual(
        sent().map(({ method, path }) => [method, path.slice('/v2/flows/cart_items/entries/'.length)]),
        [
          ['PUT', 'x%2Fy'],
          ['DELETE', 'x%2Fy'],
          ['POST', 'x%2Fy/relationships/goods'],
          ['GET', 'x%2Fy'],
        ],
      );
    });

    test('and says 503 while their owner is away, or in charge of nothing yet', async () => {
      reply = { status: 421, body: { errors: [{ status: 421 }] } };
      assert.equal((await call('PUT', `/v2/flows/${flow}/entries/x`, { data: {} })).status, 503);
      mesh.services = { monolith: tokenIssuer };
      assert.equal((await call('GET', `/v2/flows/${flow}/entries`)).status, 503);
    });

    test('and refuses by itself what the token does not permit', async () => {
      const authorization = `Bearer ${shopperToken}`;
      assert.equal((await call('PUT', `/v2/flows/${flow}/entries/x`, { data: {} }, { authorization })).status, 403);
      assert.equal(sent().length, 0);
    });
  });

  describe('asks the owners of entities whether the targets of links exist', () => {
    const targets =
      (known: readonly string[], status = 200) =>
      ({ path }: { path: string }) => {
        const ids = new URL(path, 'http://x').searchParams.getAll('id').filter((id) => known.includes(id));
        return { status, body: status === 200 ? { data: ids } : { errors: [{ status }] } };
      };
    const links = (...ids: string[]) => ({ data: ids.map((id) => ({ type: 'product', id })) });

    test('each by its name, a hundred at a time, with the credentials of this service', async () => {
      const { one } = await makeEntry('goods', to('product'));
      const ids = Array.from({ length: 150 }, () => randomUUID());
      mesh.services.products = targets(ids);
      const reply = await call('PUT', `${one}/relationships/goods`, links(...ids));
      assert.deepEqual([reply.status, reply.body.data.length], [200, 150]);
      const asked = mesh.requests.filter(({ service }) => service === 'products');
      assert.equal(asked.length, 2);
      for (const { path, headers } of asked) {
        assert.deepEqual([path.split('?')[0], headers.authorization], ['/internal/targets/product', asPeer]);
      }
      assert.equal((await call('PUT', `${one}/relationships/goods`, links(randomUUID()))).status, 404);
    });

    test('the copy of the monolith stands in for an owner that does not say it', async () => {
      const { one } = await makeEntry('goods', to('product'));
      const id = randomUUID();
      mesh.services.monolith = (request) =>
        request.path.startsWith('/internal/targets/') ? targets([id])(request) : tokenIssuer(request);
      for (const status of [404, 421]) {
        mesh.services.products = targets([], status);
        assert.equal((await call('PUT', `${one}/relationships/goods`, links(id))).status, 200, String(status));
        assert.equal((await call('PUT', `${one}/relationships/goods`, links(randomUUID()))).status, 404);
      }
    });

    test('and is 503 while one does not reply, or replies nonsense', async () => {
      const { one } = await makeEntry('goods', to('product'));
      for (const broken of [
        targets([], 503),
        () => ({ status: 200, body: 'no JSON' }),
        () => ({ status: 200, body: {} }),
      ]) {
        mesh.services.products = broken;
        assert.equal((await call('PUT', `${one}/relationships/goods`, links(randomUUID()))).status, 503);
      }
    });
  });

  test('an owner that is away costs its include, and the reply says so', async () => {
    const { one } = await makeEntry('goods', to('product'));
    const id = randomUUID();
    mesh.services.products = ({ path }) =>
      path.startsWith('/internal/') ? { status: 200, body: { data: [id] } } : { status: 200, body: { data: [{ id }] } };
    await call('PUT', `${one}/relationships/goods`, { data: [{ type: 'product', id }] });
    assert.deepEqual((await call('GET', `${one}?include=goods`)).body.included, { products: [{ id }] });
    delete mesh.services.products;
    const { status, headers, body } = await call('GET', `${one}?include=goods`);
    assert.deepEqual([status, headers.get('x-banyan-missing'), body.included], [200, 'products', undefined]);
  });

  test('twins of a unique value: one of many at once is kept', async () => {
    const { list } = await makeEntry('isbn', { unique: true });
    const add = () => call('POST', list, { data: { type: 'entry', isbn: 'one' } });
    const all = await Promise.all([add(), add(), add(), add()]);
    assert.deepEqual(all.map(({ status }) => status).sort(), [201, 422, 422, 422]);
  });

  test('a flow has a hundred fields at most, also when they are added at once', async () => {
    const flow = await makeFlow(`s${randomUUID()}`);
    for (let n = 0; n < 98; n += 1) await addField(flow, `f${n}`);
    const data = (n: number) => ({
      ...{ type: 'field', name: 'n', slug: `g${n}`, field_type: 'string', description: '', required: false },
      relationships: { flow: { data: { type: 'flow', id: flow } } },
    });
    const all = await Promise.all([1, 2, 3, 4].map((n) => call('POST', '/v2/fields', { data: data(n) })));
    assert.deepEqual(all.map(({ status }) => status).sort(), [201, 201, 422, 422]);
  });

  test('an entry of a flow that is deleted meanwhile is refused, or goes with it', async () => {
    const { list, slug } = await makeEntry('x', {});
    const add = () => call('POST', list, { data: { type: 'entry' } });
    const [, ...added] = await Promise.all([call('DELETE', `/v2/flows/${slug}`), add(), add(), add()]);
    for (const { status } of added) assert.ok([201, 404].includes(status), String(status));
    assert.deepEqual(
      await flows.database.query('select id from entries where flow_id not in (select id from flows)'),
      [],
    );
  });

  test('services are told the fields, and no client of the API is', async () => {
    const { slug } = await makeEntry('x', {});
    const path = `/internal/fields?slug=${slug}`;
    const asked = await call('GET', path, undefined, { authorization: asPeer });
    assert.deepEqual([asked.status, asked.body.data.flow.slug, asked.body.data.fields.length], [200, slug, 1]);
    for (const authorization of [`Bearer ${adminToken}`, '', 'Basic eDp5']) {
      assert.equal((await call('GET', path, undefined, { authorization })).status, 401);
    }
  });

  test('writes no token and no credentials into its log', () => {
    const log = flows.lines.join('');
    assert.ok(log.length > 0);
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET])
      assert.ok(!log.includes(secret), secret);
  });
});
