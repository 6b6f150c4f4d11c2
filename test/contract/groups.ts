import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';
import { ids, makeProduct } from './goods.ts';
import { groupFamilyCases } from './groups-family.ts';
import { type Group, groupsOf, makeGroup } from './groups-goods.ts';

const names = ({ body }: Reply) => body.data.map(({ name }: { name: string }) => name);

/** What categories and collections have in common, and brands too, which have cases of their own. */
function casesOf({ plural, type, title }: Group): Case[] {
  const path = `/v2/${plural}`;
  const list = ({ shopper }: Api, query: string) => shopper('GET', `${path}?${query}`);
  const make = (api: Api, members = {}) => makeGroup(api, { plural, type, title }, members);
  return [
    {
      name: `${plural}: made, read, changed and deleted`,
      run: async (api) => {
        const { admin, shopper, tag } = api;
        const data = { type, name: 'Thing', slug: `thing-${tag}`, unknown: 'is ignored' };
        const made = await admin('POST', path, { data });
        assert.equal(made.status, 201);
        const { id, meta } = made.body.data;
        assert.deepEqual(made.body.data, {
          ...{ id, type, name: 'Thing', slug: data.slug, description: '', status: 'draft', meta, relationships: {} },
        });
        assert.match(meta.timestamps.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.deepEqual((await admin('GET', `${path}/${id}`)).body, made.body);
        const change = { id, type, name: 'Other', status: 'live', description: 'D' };
        const changed = await admin('PUT', `${path}/${id}`, { data: change });
        assert.equal(changed.status, 200);
        const { name, slug, description } = changed.body.data;
        assert.deepEqual([name, slug, description], ['Other', data.slug, 'D']);
        assert.deepEqual((await shopper('GET', `${path}/${id}`)).body, changed.body);
        const other = await admin('PUT', `${path}/${id}`, { data: { id: randomUUID() } });
        assert.deepEqual([other.status, other.body.errors[0].source], [422, 'data.id']);
        assert.equal((await admin('DELETE', `${path}/${id}`)).status, 204);
        for (const method of ['GET', 'PUT', 'DELETE']) {
          for (const unknown of [id, 'nonsense']) {
            const body = method === 'PUT' ? { data: {} } : undefined;
            const refused = await admin(method, `${path}/${unknown}`, body);
            const detail = `The requested ${type} could not be found`;
            assert.deepEqual(refused.body.errors, [{ status: 404, title: `${title} not found`, detail }]);
          }
        }
      },
    },
    {
      name: `${plural}: every wrong member is named, and a slug is taken once`,
      run: async (api) => {
        const { admin, tag } = api;
        const wrong = { type: 'thing', name: '', slug: 5, description: null, status: 'gone' };
        const { status, body } = await admin('POST', path, { data: wrong });
        const sources = body.errors.map((error: { source: string }) => error.source).sort();
        const all = ['data.description', 'data.name', 'data.slug', 'data.status', 'data.type'];
        assert.deepEqual([status, sources], [422, all]);
        const missing = await admin('POST', path, { data: {} });
        assert.deepEqual(missing.body.errors.map((error: { detail: string }) => error.detail).sort(), [
          ...['The data.name field is required.', 'The data.slug field is required.'],
          'The data.type field is required.',
        ]);
        const slug = `taken-${tag}`;
        await make(api, { slug });
        const again = await admin('POST', path, { data: { type, name: 'N', slug } });
        const detail = 'The data.slug field is already taken.';
        assert.deepEqual(again.body.errors, [{ status: 422, title: 'Failed Validation', detail, source: 'data.slug' }]);
        const another = await make(api);
        assert.equal((await admin('PUT', `${path}/${another}`, { data: { slug } })).status, 422);
      },
    },
    {
      name: `${plural}: shoppers see what is live, and change nothing`,
      run: async (api) => {
        const { admin, shopper, anonymous } = api;
        const [draft, live] = [await make(api, { status: 'draft' }), await make(api)];
        assert.equal((await shopper('GET', `${path}/${draft}`)).status, 404);
        const filter = `filter=in(id,${draft},${live})`;
        assert.deepEqual(ids(await shopper('GET', `${path}?${filter}`)), [live]);
        assert.deepEqual(ids(await admin('GET', `${path}?${filter}`)), [draft, live]);
        for (const [method, url] of [
          ['POST', path],
          ['PUT', `${path}/${live}`],
          ['DELETE', `${path}/${live}`],
          ['POST', `${path}/${live}/relationships/parent`],
        ] as const) {
          assert.equal((await shopper(method, url, { data: {} })).status, 403, method);
          assert.equal((await anonymous(method, url, { data: {} })).status, 401, method);
        }
      },
    },
    {
      name: `${plural}: paged, filtered and sorted by each field`,
      run: async (api) => {
        const { tag } = api;
        const given = ['b', 'C', 'a'];
        for (const name of given) {
          await make(api, { name: `${tag} ${name}`, slug: `${tag}-${name}`, description: name });
        }
        const of = `filter=like(slug,${tag}*)`;
        const sorted = async (sort: string) =>
          names(await list(api, `sort=${sort}&${of}`)).map((name: string) => name.at(-1));
        for (const field of ['name', 'slug', 'description']) {
          assert.deepEqual(await sorted(field), ['a', 'b', 'C'], field);
          assert.deepEqual(await sorted(`-${field}`), ['C', 'b', 'a'], field);
        }
        for (const field of ['created_at', 'updated_at', 'status']) {
          assert.deepEqual(await sorted(field), given, field);
          assert.deepEqual(await sorted(`-${field}`), given.toReversed(), field);
        }
        const first = await list(api, `page[limit]=2&${of}`);
        assert.deepEqual(first.body.meta, {
          page: { limit: 2, offset: 0, current: 1, total: 2 },
          results: { total: 3 },
        });
        const { pathname, search } = new URL(first.body.links.next);
        assert.deepEqual(names(await api.shopper('GET', pathname + search)), [`${tag} a`]);
        const matching = async (filter: string) => names(await list(api, `filter=${filter}:like(slug,${tag}*)`));
        for (const [filter, name] of [
          [`eq(name,${tag} b)`, 'b'],
          [`like(name,*${tag.slice(2)} c)`, 'C'],
          [`eq(slug,${tag}-a)`, 'a'],
          [`eq(status,live):eq(slug,${tag}-a)`, 'a'],
        ] as const) {
          assert.deepEqual(await matching(filter), [`${tag} ${name}`], filter);
        }
        for (const query of ['sort=id', 'filter=eq(description,x)', 'filter=gt(name,a)', 'filter=like(status,l*)']) {
          assert.equal((await list(api, query)).status, 400, query);
        }
        const none = await list(api, `filter=eq(name,${randomUUID()})`);
        assert.deepEqual([none.body.data, none.body.meta.results.total, none.body.links.last], [[], 0, null]);
      },
    },
    {
      name: `${plural}: they show and include their products, and products show and include them`,
      run: async (api) => {
        const { admin, shopper } = api;
        const [group, draft] = [await make(api), await make(api, { status: 'draft' })];
        const [product, hidden] = [await makeProduct(api), await makeProduct(api, { status: 'draft' })];
        const links = (...all: string[]) => ({ data: all.map((id) => ({ type, id })) });
        for (const id of [product, hidden]) {
          const { body } = await admin('POST', `/v2/products/${id}/relationships/${plural}`, links(group, draft));
          assert.deepEqual(body, links(group, draft));
        }
        const seen = (await shopper('GET', `${path}/${group}?include=products`)).body;
        assert.deepEqual(seen.data.relationships, { products: { data: [{ type: 'product', id: product }] } });
        assert.deepEqual(ids({ body: { data: seen.included.products } } as Reply), [product]);
        const listed = (await admin('GET', `${path}?filter=eq(id,${group})&include=products`)).body;
        assert.deepEqual(ids({ body: { data: listed.included.products } } as Reply), [product, hidden]);
        const one = (await shopper('GET', `/v2/products/${product}?include=${plural}`)).body;
        assert.deepEqual(one.data.relationships[plural], links(group));
        assert.deepEqual(ids({ body: { data: one.included[plural] } } as Reply), [group]);
        const filtered = await shopper('GET', `/v2/products?filter=eq(${type}.id,${group})`);
        assert.deepEqual(ids(filtered), [product]);
        const url = `/v2/products/${product}/relationships/${plural}`;
        assert.deepEqual((await admin('PUT', url, links(draft))).body, links(draft));
        assert.equal((await admin('DELETE', url, links(draft))).status, 204);
        assert.equal('included' in (await shopper('GET', `/v2/products/${product}?include=${plural}`)).body, false);
        await admin('POST', url, links(group));
        assert.equal((await admin('DELETE', `${path}/${group}`)).status, 204);
        assert.deepEqual((await admin('GET', `/v2/products/${product}`)).body.data.relationships, {});
      },
    },
    {
      name: `${plural}: their attributes are described`,
      run: async (api) => {
        const { data, meta } = (await api.shopper('GET', `${path}/attributes`)).body;
        assert.deepEqual(meta, { entity: plural, version: 'v2' });
        const [first] = data;
        assert.deepEqual(Object.keys(first).sort(), ['description', 'label', 'required', 'type', 'value']);
        const values = data.map(({ value }: { value: string }) => value);
        for (const value of ['type', 'name', 'slug', 'description', 'status']) assert.ok(values.includes(value), value);
      },
    },
    ...groupFamilyCases({ plural, type, title }),
  ];
}

export const groupCases: Case[] = groupsOf.flatMap(casesOf);
