import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { ids } from './goods.ts';
import { groupFamilyCases } from './groups-family.ts';
import { groupFieldCases } from './groups-fields.ts';
import { type Group, makeGroup } from './groups-goods.ts';
import { groupHostileCases } from './groups-hostile.ts';
import { groupProductCases } from './groups-products.ts';

const names = ({ body }: { body: { data: { name: string }[] } }) => body.data.map(({ name }) => name);

/** Brands, categories or collections, which have the same paths and rules. */
export function groupCases(group: Group): Case[] {
  const { plural, type, title } = group;
  const base = `/v2/${plural}`;
  const list = (api: Api, query: string) => api.shopper('GET', `${base}?${query}`);
  return [
    {
      name: `a ${type} is made, read, changed and deleted`,
      run: async (api) => {
        const { admin, shopper, tag } = api;
        const data = { type, name: 'Thing', slug: `thing-${tag}`, status: 'live', unknown: 'is ignored' };
        const made = await admin('POST', base, { data });
        assert.equal(made.status, 201);
        const { id, meta } = made.body.data;
        assert.deepEqual(made.body, {
          data: {
            ...{ id, type, name: 'Thing', slug: data.slug, description: '', status: 'live', meta },
            relationships: {},
          },
        });
        assert.match(meta.timestamps.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.equal(meta.timestamps.created_at, meta.timestamps.updated_at);
        assert.deepEqual((await shopper('GET', `${base}/${id}`)).body, made.body);
        const changed = await admin('PUT', `${base}/${id}`, { data: { id, type, name: 'Other' } });
        assert.equal(changed.status, 200);
        assert.deepEqual([changed.body.data.name, changed.body.data.slug], ['Other', data.slug]);
        assert.equal(changed.body.data.meta.timestamps.created_at, meta.timestamps.created_at);
        const gone = await admin('DELETE', `${base}/${id}`);
        assert.deepEqual([gone.status, gone.body], [204, undefined]);
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const { status, body } = await admin(method, `${base}/${id}`, method === 'PUT' ? { data: {} } : undefined);
          assert.equal(status, 404, method);
          const detail = `The requested ${type} could not be found`;
          assert.deepEqual(body.errors, [{ status: 404, title: `${title} not found`, detail }]);
        }
      },
    },
    {
      name: 'every wrong member of a body is reported',
      run: async ({ admin, tag }) => {
        const wrong = { type: 'thing', name: '', slug: 5, description: null, status: 'gone' };
        const { status, body } = await admin('POST', base, { data: wrong });
        assert.equal(status, 422);
        const sources = body.errors.map((error: { source: string }) => error.source).sort();
        assert.deepEqual(sources, ['data.description', 'data.name', 'data.slug', 'data.status', 'data.type']);
        assert.ok(body.errors.every((error: { title: string }) => error.title === 'Failed Validation'));
        const missing = await admin('POST', base, { data: {} });
        assert.deepEqual(missing.body.errors.map((error: { detail: string }) => error.detail).sort(), [
          'The data.name field is required.',
          'The data.slug field is required.',
          'The data.type field is required.',
        ]);
        for (const wrong of ['thing', null, [type], undefined]) {
          const data = { type: wrong, name: 'N', slug: `${tag}-${wrong}` };
          const reply = await admin('POST', base, { data });
          assert.deepEqual([reply.status, reply.body.errors[0].source], [422, 'data.type']);
        }
      },
    },
    {
      name: 'a slug is unique, as its bytes are',
      run: async (api) => {
        const { admin, tag } = api;
        const slug = `Unique-${tag}`;
        const id = await makeGroup(api, group, { slug });
        const again = await admin('POST', base, { data: { type, name: 'N', slug } });
        assert.equal(again.status, 422);
        const detail = 'The data.slug field is already taken.';
        assert.deepEqual(again.body.errors, [{ status: 422, title: 'Failed Validation', detail, source: 'data.slug' }]);
        // Other bytes are another slug.
        for (const other of [slug.toLowerCase(), `${slug} `, `${slug}é`, `${slug}e\u0301`, `${slug}\u{1f600}`]) {
          const made = await makeGroup(api, group, { slug: other });
          assert.equal((await admin('GET', `${base}/${made}`)).body.data.slug, other);
          assert.equal((await admin('PUT', `${base}/${made}`, { data: { slug } })).status, 422, other);
        }
        assert.equal((await admin('PUT', `${base}/${id}`, { data: { slug, name: 'Own' } })).status, 200);
        assert.equal((await admin('DELETE', `${base}/${id}`)).status, 204);
        assert.equal((await admin('POST', base, { data: { type, name: 'N', slug } })).status, 201);
      },
    },
    {
      name: 'the id in a body is that of the path',
      run: async (api) => {
        const id = await makeGroup(api, group);
        const { status, body } = await api.admin('PUT', `${base}/${id}`, { data: { id: randomUUID() } });
        assert.deepEqual([status, body.errors[0].source], [422, 'data.id']);
        const capitals = id.toUpperCase();
        assert.equal((await api.admin('GET', `${base}/${capitals}`)).body.data.id, id);
        assert.equal((await api.admin('PUT', `${base}/${capitals}`, { data: { name: 'Capital' } })).body.data.id, id);
      },
    },
    {
      name: 'shoppers see what is live, and change nothing',
      run: async (api) => {
        const { admin, shopper, anonymous } = api;
        const draft = await makeGroup(api, group, { status: 'draft' });
        const live = await makeGroup(api, group);
        assert.equal((await shopper('GET', `${base}/${draft}`)).status, 404);
        assert.equal((await shopper('GET', `${base}/${live}`)).status, 200);
        const filter = `filter=in(id,${draft},${live})`;
        assert.deepEqual(ids(await shopper('GET', `${base}?${filter}`)), [live]);
        assert.deepEqual(ids(await admin('GET', `${base}?${filter}`)), [draft, live]);
        for (const [method, path] of [
          ['POST', base],
          ['PUT', `${base}/${live}`],
          ['DELETE', `${base}/${live}`],
          ['POST', `${base}/${live}/relationships/children`],
        ] as const) {
          const denied = await shopper(method, path, { data: {} });
          const detail = 'The access token does not permit this';
          assert.deepEqual(denied.body.errors, [{ status: 403, title: 'Forbidden', detail }]);
          const refused = await anonymous(method, path, { data: {} });
          assert.equal(refused.status, 401);
          assert.deepEqual(refused.body, { errors: [{ status: 401, title: 'Unable to validate access token' }] });
        }
      },
    },
    {
      name: 'lists are paged, with links and meta',
      run: async (api) => {
        const { tag } = api;
        const made: string[] = [];
        for (const name of ['b', 'a', 'c']) made.push(await makeGroup(api, group, { name: `${tag} ${name}` }));
        const query = `filter=like(name,${tag}*)`;
        const first = await list(api, `sort=-name&page[limit]=2&${query}`);
        assert.deepEqual(names(first), [`${tag} c`, `${tag} b`]);
        assert.deepEqual(first.body.meta, {
          page: { limit: 2, offset: 0, current: 1, total: 2 },
          results: { total: 3 },
        });
        assert.equal(first.body.links.prev, null);
        assert.ok(first.body.links.next.includes(`${base}?page[limit]=2&page[offset]=2&sort=-name&filter=like`));
        const { pathname, search } = new URL(first.body.links.next);
        const next = await api.shopper('GET', pathname + search);
        assert.deepEqual([names(next), next.body.links.next], [[`${tag} a`], null]);
        assert.deepEqual(ids(await list(api, query)), made, 'in the order of creation');
        assert.deepEqual((await list(api, `page%5Boffset%5D=2&${query}`)).body.meta.page.offset, 2);
        const none = await list(api, 'filter=eq(name,nothing has this name)');
        assert.deepEqual([none.body.data, none.body.meta.results.total], [[], 0]);
      },
    },
    {
      name: 'lists are sorted by the bytes of text with A to Z lowered, and by creation where they are alike',
      run: async (api) => {
        const { tag } = api;
        const given = ['é', 'Z', 'a', '\u{1f600}', '\uffee', 'É', 'B', 'a ', 'A'];
        for (const [n, name] of given.entries()) {
          await makeGroup(api, group, { name, slug: `${tag}-${n}`, description: name.repeat(3) });
        }
        const expected = ['a', 'A', 'a ', 'B', 'Z', 'É', 'é', '\uffee', '\u{1f600}'];
        const query = `filter=like(slug,${tag}*)`;
        assert.deepEqual(names(await list(api, `sort=name&${query}`)), expected);
        assert.deepEqual(names(await list(api, `sort=-name&${query}`)), expected.toReversed());
        assert.deepEqual(names(await list(api, `sort=description&${query}`)), [
          ...['a ', 'a', 'A', 'B', 'Z', 'É', 'é', '\uffee', '\u{1f600}'],
        ]);
        for (const field of ['slug', 'status', 'created_at', 'updated_at']) {
          assert.deepEqual(names(await list(api, `sort=${field}&${query}`)), given, field);
          assert.deepEqual(names(await list(api, `sort=-${field}&${query}`)), given.toReversed(), field);
        }
        assert.equal((await list(api, 'sort=id')).status, 400);
      },
    },
    {
      name: 'filters match as every side matches',
      run: async (api) => {
        const { tag } = api;
        const given = ['100% Wool_A', 'Café', 'cafe', "Nike's (red), large", 'a*b', 'tail ', '!x'];
        for (const [n, name] of given.entries()) await makeGroup(api, group, { name, slug: `${tag}-${n}` });
        const matching = async (filter: string) =>
          names(await list(api, `filter=${encodeURIComponent(`${filter}:like(slug,${tag.toUpperCase()}*)`)}`));
        const like = (pattern: string) => matching(`like(name,${pattern})`);
        assert.deepEqual(await like('*wool*'), ['100% Wool_A']);
        assert.deepEqual(await like('100% wool_a'), ['100% Wool_A']);
        assert.deepEqual(await like('%'), []);
        assert.deepEqual(await like('_a_e'), []);
        assert.deepEqual(await like('CAF*'), ['Café', 'cafe']);
        assert.deepEqual(await like('CAFÉ'), []);
        assert.deepEqual(await like('!*'), ['!x']);
        assert.deepEqual(await matching('eq(name,cafe)'), ['cafe']);
        assert.deepEqual(await matching('eq(name,CAFE)'), []);
        assert.deepEqual(await matching("eq(name,Nike's (red), large)"), ["Nike's (red), large"]);
        assert.deepEqual(await matching('eq(name,tail)'), []);
        assert.deepEqual(await matching("eq(name,'tail ')"), ['tail ']);
        assert.deepEqual(await matching('in(name,cafe,Café)'), ['Café', 'cafe']);
        assert.deepEqual(await matching('eq(status,live):in(status,live,draft)'), given);
        assert.deepEqual(await matching('eq(id,nonsense)'), []);
        for (const filter of [
          'eq(name',
          'gt(name,a)',
          'like(status,l*)',
          'eq(price,1)',
          'eq(__proto__,x)',
          'EQ(name,x)',
        ]) {
          const { status, body } = await list(api, `filter=${filter}`);
          assert.deepEqual([status, body.errors[0].title], [400, 'Bad Request'], filter);
        }
      },
    },
    {
      name: 'the length of a page is that of the settings',
      run: async (api) => {
        const { admin } = api;
        const before = (await admin('GET', '/v2/settings')).body.data.page_length;
        await makeGroup(api, group);
        await makeGroup(api, group);
        try {
          assert.equal(
            (await admin('PUT', '/v2/settings', { data: { type: 'settings', page_length: 1 } })).status,
            200,
          );
          const { body } = await api.shopper('GET', base);
          assert.deepEqual([body.data.length, body.meta.page.limit], [1, 1]);
        } finally {
          await admin('PUT', '/v2/settings', { data: { type: 'settings', page_length: before } });
        }
      },
    },
    ...groupProductCases(group),
    {
      name: 'a currency that is not enabled is refused on every path',
      run: async (api) => {
        const own = await makeGroup(api, group);
        for (const path of [base, `${base}/${own}`, `${base}/tree`]) {
          for (const code of ['usd', 'USD', '']) {
            const { status } = await api.shopper('GET', path, undefined, { 'x-moltin-currency': code });
            assert.equal(status, 200, `${path} ${code}`);
          }
          for (const code of ['XXX', 'dollars', '__proto__']) {
            const { status, body } = await api.shopper('GET', path, undefined, { 'x-moltin-currency': code });
            const detail = 'The selected currency is not enabled on this store';
            assert.equal(status, 400);
            assert.deepEqual(body.errors, [{ status: 400, title: 'BadRequestError', detail }]);
          }
        }
        const data = { type, name: 'N', slug: `currency-${api.tag}` };
        assert.equal((await api.admin('POST', base, { data }, { 'x-moltin-currency': 'XXX' })).status, 400);
        assert.equal((await api.admin('POST', base, { data })).status, 201, 'it was not written');
      },
    },
    ...groupFamilyCases(group),
    ...groupFieldCases(group),
    ...groupHostileCases(group),
  ];
}
