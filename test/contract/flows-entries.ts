import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { addField, makeFlow, sources, withFields } from './flows-goods.ts';
import { ids, makeProduct } from './goods.ts';

/** Makes a flow of books, and returns the path of its entries. */
async function makeBooks(api: Api): Promise<string> {
  const slug = `books-${api.tag}`;
  const flow = await makeFlow(api, slug);
  await addField(api, flow, 'title', { required: true, order: 1 });
  await addField(api, flow, 'isbn', { unique: true, order: 2 });
  await addField(api, flow, 'pages', { field_type: 'integer', default: 100, order: 3 });
  await addField(api, flow, 'subtitle', { omit_null: true, order: 4 });
  await addField(api, flow, 'off', { enabled: false });
  return `/v2/flows/${slug}/entries`;
}

export const entryCases: Case[] = [
  {
    name: 'entries are made with defaults, read, changed and deleted',
    run: async (api) => {
      const { admin, shopper } = api;
      const path = await makeBooks(api);
      const made = await admin('POST', path, { data: { type: 'entry', title: 'Emma', off: 'x', other: 1 } });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id, meta, links, ...rest } = made.body.data;
      assert.deepEqual(rest, { type: 'entry', title: 'Emma', isbn: null, pages: 100 });
      assert.equal(new URL(links.self).pathname, `${path}/${id}`);
      assert.ok(meta.timestamps.created_at);
      assert.deepEqual((await shopper('GET', `${path}/${id}`)).body.data, made.body.data);
      const change = { type: 'entry', pages: null, subtitle: 'A novel' };
      const changed = (await admin('PUT', `${path}/${id}`, { data: change })).body.data;
      assert.deepEqual([changed.title, changed.pages, changed.subtitle], ['Emma', null, 'A novel']);
      const other = await admin('PUT', `${path}/${id}`, { data: { ...change, id: randomUUID() } });
      assert.deepEqual([other.status, sources(other)], [422, ['data.id']]);
      assert.equal((await admin('DELETE', `${path}/${id}`)).status, 204);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { data: change } : undefined;
        for (const unknown of [id, 'nonsense']) {
          assert.equal((await admin(method, `${path}/${unknown}`, body)).status, 404, method);
        }
      }
    },
  },
  {
    name: 'entries refuse values that break a rule, and keep what they had',
    run: async (api) => {
      const { admin, shopper } = api;
      const path = await makeBooks(api);
      const none = await admin('POST', path, { data: { type: 'entry', pages: 'many' } });
      assert.deepEqual([none.status, sources(none).sort()], [422, ['data.pages', 'data.title']]);
      const untyped = await admin('POST', path, { data: { title: 'x' } });
      assert.deepEqual([untyped.status, sources(untyped)], [422, ['data.type']]);
      const { id } = (await admin('POST', path, { data: { type: 'entry', title: 'One' } })).body.data;
      const wrong = await admin('PUT', `${path}/${id}`, { data: { title: null, pages: 5 } });
      assert.deepEqual([wrong.status, sources(wrong)], [422, ['data.title']]);
      assert.equal((await admin('GET', `${path}/${id}`)).body.data.pages, 100);
      const data = { type: 'entry', title: 'x' };
      assert.equal((await shopper('POST', path, { data })).status, 403);
      assert.equal((await shopper('PUT', `${path}/${id}`, { data })).status, 403);
      assert.equal((await shopper('DELETE', `${path}/${id}`)).status, 403);
      assert.equal((await admin('POST', `${path.replace('books', 'none')}`, { data })).status, 404);
    },
  },
  {
    name: 'entries are made once for one Idempotency-Key',
    run: async (api) => {
      const path = await makeBooks(api);
      const key = { 'idempotency-key': randomUUID() };
      const add = () => api.admin('POST', path, { data: { type: 'entry', title: 'Twice' } }, key);
      assert.deepEqual((await add()).body, (await add()).body);
      assert.equal(ids(await api.admin('GET', path)).length, 1);
    },
  },
  {
    name: 'entries have a unique value once',
    run: async (api) => {
      const { admin } = api;
      const path = await makeBooks(api);
      const add = () => admin('POST', path, { data: { type: 'entry', title: 'T', isbn: 'one' } });
      const { id } = (await add()).body.data;
      const again = await add();
      assert.deepEqual([again.status, sources(again)], [422, ['data.isbn']]);
      assert.equal((await admin('PUT', `${path}/${id}`, { data: { isbn: 'one' } })).status, 200, 'its own');
      await admin('PUT', `${path}/${id}`, { data: { isbn: null } });
      assert.equal((await add()).status, 201, 'it is free again');
    },
  },
  {
    name: 'entries are listed a hundred at a time, in the order in which they were made',
    run: async (api) => {
      const { admin, shopper, tag } = api;
      await addField(api, await makeFlow(api, `notes-${tag}`), 'n', { field_type: 'integer' });
      const path = `/v2/flows/notes-${tag}/entries`;
      for (let n = 0; n < 103; n += 1) await admin('POST', path, { data: { type: 'entry', n } });
      const first = (await shopper('GET', path)).body;
      assert.deepEqual([first.data.length, first.meta.page.limit, first.meta.results.total], [100, 100, 103]);
      assert.ok(first.links.next?.includes(`${path}?`));
      const last = (await shopper('GET', `${path}?page[limit]=10&page[offset]=100`)).body;
      assert.deepEqual(
        [...first.data, ...last.data].map(({ n }) => n),
        Array.from({ length: 103 }, (_, n) => n),
      );
      for (const query of ['page[limit]=0', 'page[offset]=-1', 'page[offset]=10001']) {
        assert.equal((await shopper('GET', `${path}?${query}`)).status, 400, query);
      }
    },
  },
  {
    name: 'entries lose the values of a deleted field, and go with their flow',
    run: async (api) => {
      const { admin, tag } = api;
      const flow = await makeFlow(api, `things-${tag}`);
      const gone = await addField(api, flow, 'gone');
      const path = `/v2/flows/things-${tag}/entries`;
      const one = `${path}/${(await admin('POST', path, { data: { type: 'entry', gone: 'x' } })).body.data.id}`;
      assert.equal((await admin('DELETE', `/v2/fields/${gone}`)).status, 204);
      assert.equal('gone' in (await admin('GET', one)).body.data, false);
      await addField(api, flow, 'gone');
      assert.equal((await admin('GET', one)).body.data.gone, null);
      assert.equal((await admin('DELETE', `/v2/flows/things-${tag}`)).status, 204);
      assert.equal((await admin('GET', one)).status, 404);
    },
  },
  {
    name: 'entries of a core flow are the entities themselves',
    run: async (api) => {
      const { admin, shopper } = api;
      await withFields(api, 'products', { washable: { field_type: 'boolean' } }, async () => {
        const path = '/v2/flows/products/entries';
        const product = await makeProduct(api, { washable: true });
        const draft = await makeProduct(api, { status: 'draft' });
        const one = (await shopper('GET', `${path}/${product}`)).body.data;
        assert.deepEqual([one.id, one.type, one.washable], [product, 'entry', true]);
        assert.equal((await shopper('GET', `${path}/${draft}`)).status, 404);
        const total = async (call: Api['admin']) => (await call('GET', path)).body.meta.results.total;
        assert.ok((await total(shopper)) < (await total(admin)), 'shoppers do not see drafts');
        const set = await admin('POST', path, { data: { type: 'entry', id: draft, washable: false } });
        assert.deepEqual([set.status, set.body.data.washable], [201, false]);
        assert.equal((await admin('PUT', `${path}/${draft}`, { data: { washable: true } })).status, 200);
        const shown = async () => (await admin('GET', `/v2/products/${draft}`)).body.data.washable;
        assert.equal(await shown(), true);
        assert.equal((await admin('DELETE', `${path}/${draft}`)).status, 204);
        assert.equal(await shown(), null, 'the product stays');
        assert.equal((await admin('POST', path, { data: { type: 'entry' } })).status, 422);
      });
      await withFields(api, 'customers', {}, async () => {
        await api.eventually('/v2/flows/customers/entries', ({ status }) => status === 200);
        assert.equal((await shopper('GET', '/v2/flows/customers/entries')).status, 403);
      });
    },
  },
];
