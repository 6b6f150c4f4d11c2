import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { callerOf } from '../../testing/call.ts';
import { credentials } from '../../testing/environment.ts';
import { type FakeMesh, type FakeService, startFakeMesh } from '../../testing/fake-mesh.ts';
import { testTokens, tokenIssuer } from '../../testing/tokens.ts';
import { until } from '../../testing/until.ts';
import { linksOf } from '../kind.ts';
import type { GroupsInstance, GroupsSubject } from './subject.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;

/** A service of groups by its public paths, beside peers that are there, are away, or make no sense. */
export function describeGroupsService({ kind, start, isEmbedded }: GroupsSubject): void {
  const { type, plural, members } = kind;
  const all = `/v2/${plural}`;
  const links: FakeService = ({ path }) => {
    const ids = new URL(path, 'http://x').searchParams.get('ids')?.split(',') ?? [];
    const data = ids.map((id) => ({ id, [members.plural]: ['p1', 'p2'] }));
    return { status: 200, body: { data, meta: { order: ['p2', 'p1'] } } };
  };
  const owner: FakeService = (request) =>
    request.path.startsWith('/internal/')
      ? links(request)
      : { status: 200, body: { data: [{ id: 'p1' }, { id: 'p2', name: 'Two' }] } };
  const settings: FakeService = () => ({ status: 200, body: { data: { page_length: 2 } } });
  const currencies: FakeService = () => ({ status: 200, body: { data: [{ code: 'USD', enabled: true }] } });
  const noFlow: FakeService = () => ({ status: 200, body: { data: { flow: null, fields: [] } } });
  const newGroup = (given: object = {}) => ({
    data: { type, name: 'N', slug: randomUUID(), status: 'live', ...given },
  });

  describe(`the ${plural} service`, () => {
    let mesh: FakeMesh;
    let instance: GroupsInstance;
    before(async () => {
      mesh = await startFakeMesh();
      instance = await start(mesh.url);
      await instance.service.ready;
    });
    after(async () => {
      await instance.close();
      mesh.close();
    });
    beforeEach(() => {
      mesh.services = { monolith: tokenIssuer, [members.plural]: owner, settings, currencies, flows: noFlow };
      mesh.requests.length = 0;
    });

    const call = callerOf(() => instance.service.url, `Bearer ${adminToken}`);
    const make = async (given: object = {}) => {
      const { status, body } = await call('POST', all, newGroup(given));
      assert.equal(status, 201, JSON.stringify(body));
      return body.data.id as string;
    };
    const parentOf = (id: string) =>
      instance.service.store.transaction({}, async (changes) => (await changes.find(id))?.parentId);

    test('asks the owner of members once for a list, with its own credentials, and passes the trace on', async () => {
      for (let n = 0; n < 3; n += 1) await make();
      mesh.requests.length = 0;
      const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
      const headers = { traceparent, authorization: `Bearer ${shopperToken}` };
      const { body } = await call('GET', all, undefined, headers);
      assert.equal(body.meta.page.limit, 2, 'the page length of the settings');
      const asked = mesh.requests.filter(({ service }) => service === members.plural);
      assert.equal(asked.length, 1);
      const path = new RegExp(`^/internal/links/${plural}\\?ids=[\\w,-]+&live=true&order=false$`);
      assert.match(asked[0]?.path ?? '', path);
      assert.match(asked[0]?.headers.authorization ?? '', /^Basic /);
      assert.equal(asked[0]?.headers.traceparent, traceparent);
    });

    test('includes members in their order, as their owner shows them to the caller', async () => {
      const id = await make();
      mesh.requests.length = 0;
      const headers = { 'x-moltin-language': 'fr', 'x-moltin-currency': 'usd' };
      const { body } = await call('GET', `${all}/${id}?include=${members.plural}`, undefined, headers);
      assert.deepEqual(body.included[members.plural], [{ id: 'p2', name: 'Two' }, { id: 'p1' }]);
      const asked = mesh.requests.find(({ path }) => path.startsWith(`/v2/${members.plural}`));
      assert.equal(asked?.path, `/v2/${members.plural}?page[limit]=100&filter=in(id,p2,p1)`);
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
          ...(broken && { [members.plural]: broken, settings: broken, currencies: broken }),
        };
        const headers = { 'x-moltin-currency': 'XXX' };
        const one = await call('GET', `${all}/${id}?include=${members.plural}`, undefined, headers);
        assert.deepEqual([one.status, one.body.data.relationships, 'included' in one.body], [200, {}, false]);
        assert.equal(one.headers.get('x-banyan-missing'), members.plural);
        const list = await call('GET', all);
        assert.deepEqual([list.status, list.body.meta.page.limit], [200, 2], 'the last page length known');
        assert.equal((await call('PUT', `${all}/${id}`, { data: { name: 'Changed' } })).status, 200);
      }
      const half: FakeService = (request) => (request.path.startsWith('/internal/') ? links(request) : { status: 503 });
      mesh.services = { monolith: tokenIssuer, [members.plural]: half };
      const shown = await call('GET', `${all}/${id}?include=${members.plural}`);
      assert.equal(shown.body.data.relationships[members.plural].data.length, 2);
      assert.deepEqual([shown.headers.get('x-banyan-missing'), 'included' in shown.body], [members.plural, false]);
    });

    test('is 503 while an access token cannot be verified, and a JWT is not mistaken for invalid', async () => {
      mesh.services = {};
      const opaque = await call('GET', all, undefined, { authorization: `Bearer ${'c'.repeat(40)}` });
      assert.deepEqual([opaque.status, opaque.headers.get('retry-after')], [503, '1']);
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const jwt = `${part({ alg: 'ES256', typ: 'JWT', kid: 'k1' })}.${part({ sub: 'x' })}.AA`;
      const signed = await call('GET', all, undefined, { authorization: `Bearer ${jwt}` });
      assert.deepEqual([signed.status, signed.body.errors[0].status], [503, 503]);
    });

    test('makes of many twins with one slug one group, and the others are 422', async () => {
      const twin = newGroup();
      const replies = await Promise.all(Array.from({ length: 8 }, () => call('POST', all, twin)));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
    });

    test('lets no two concurrent moves close a circle', async () => {
      const [one, two] = [await make(), await make()];
      const under = (child: string, id: string) =>
        call('PUT', `${all}/${child}/relationships/parent`, { data: { type, id } });
      const replies = await Promise.all([under(one, two), under(two, one)]);
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 422]);
    });

    test('a group that is deleted while another becomes its child leaves no parent behind', async () => {
      const [parent, child] = [await make(), await make()];
      const [deleted] = await Promise.all([
        call('DELETE', `${all}/${parent}`),
        call('PUT', `${all}/${child}/relationships/parent`, { data: { type, id: parent } }),
      ]);
      assert.equal(deleted.status, 204);
      assert.equal(await parentOf(child), null);
    });

    test('links are asked for until the worker says that the copy here is in step', async () => {
      assert.equal(await instance.service.store.linksOf([randomUUID()], true), null, linksOf(kind));
    });

    test('documents its routes', async () => {
      const { body } = await call('GET', '/docs/json');
      assert.ok(Object.keys(body.paths).includes(`${all}/{id}/relationships/children`));
    });

    if (!isEmbedded) {
      test('is not ready while its store is down, and serves again when it is back', async () => {
        const outage = instance.outage ?? assert.fail('nothing takes the store down');
        const id = await make();
        await outage.begin();
        const { status, body } = await call('GET', `${all}/${id}`);
        assert.deepEqual([status, body.errors[0].title], [503, 'Service Unavailable']);
        assert.equal((await call('GET', '/health/ready')).status, 503);
        assert.equal((await call('GET', '/health/live')).status, 200);
        await outage.end();
        await until('the store to be back', async () => (await call('GET', '/health/ready')).status === 200);
        assert.equal((await call('GET', `${all}/${id}`)).status, 200);
      });
    }

    test('has what was written after it was started again on its store', async () => {
      const id = await make({ name: 'Kept' });
      await instance.stop();
      const again = await start(mesh.url, instance.place);
      await again.service.ready;
      const { body } = await callerOf(() => again.service.url, `Bearer ${adminToken}`)('GET', `${all}/${id}`);
      assert.equal(body.data.name, 'Kept');
      await again.close();
    });

    test('writes no token into its log', () => {
      const log = instance.lines.join('');
      for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET])
        assert.ok(!log.includes(secret), secret);
    });
  });

  test(`a ${plural} service that has never reached flows shows groups without fields and says so, and takes no writes`, async () => {
    const mesh = await startFakeMesh({ monolith: tokenIssuer, [members.plural]: owner, settings, currencies });
    const instance = await start(mesh.url);
    try {
      await instance.service.ready;
      const call = callerOf(() => instance.service.url, `Bearer ${adminToken}`);
      const list = await call('GET', all);
      assert.deepEqual([list.status, list.headers.get('x-banyan-missing')], [200, 'flows']);
      const refused = await call('POST', all, newGroup());
      assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
      mesh.services.flows = noFlow;
      assert.equal((await call('POST', all, newGroup())).status, 201);
    } finally {
      await instance.close();
      mesh.close();
    }
  });
}
