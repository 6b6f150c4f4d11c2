import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { addField, makeFlow, relation } from './flows-goods.ts';
import { makeProduct } from './goods.ts';
import { upload } from './uploads.ts';

const link = (id: string, type = 'product') => ({ type, id });

/** Makes a flow with one entry, and returns the flow and the path of the entry. */
async function makeEntry(api: Api, name: string) {
  const slug = `${name}-${api.tag}`;
  const flow = await makeFlow(api, slug);
  const path = `/v2/flows/${slug}/entries`;
  const { id } = (await api.admin('POST', path, { data: { type: 'entry' } })).body.data;
  return { slug, flow, id: id as string, path: `${path}/${id}` };
}

export const entryLinkCases: Case[] = [
  {
    name: 'entries link to entities: to many, to one, and to entries of another flow',
    run: async (api) => {
      const { admin } = api;
      const [product, other] = [await makeProduct(api), await makeProduct(api)];
      const authors = await makeEntry(api, 'authors');
      await addField(api, authors.flow, 'called', { default: 'Ada' });
      const book = await makeEntry(api, 'books');
      await addField(api, book.flow, 'sold_as', { order: 10, ...relation('one-to-many', 'product') });
      await addField(api, book.flow, 'author', { order: 11, ...relation('one-to-one', authors.slug) });
      const to = (field: string) => `${book.path}/relationships/${field}`;
      const shown = async () => (await admin('GET', book.path)).body.data.relationships;
      assert.deepEqual(await shown(), { sold_as: { data: [] }, author: { data: null } });

      const added = await admin('POST', to('sold_as'), { data: [link(product)] });
      assert.deepEqual([added.status, added.body], [201, { data: [link(product)] }]);
      // What some clients make of a list.
      const more = await admin('POST', to('sold_as'), { data: { 0: link(other), 1: link(product) } });
      assert.deepEqual(more.body.data, [link(other), link(product)], 'no link twice');
      const put = await admin('PUT', to('author'), { data: link(authors.id, authors.slug) });
      assert.deepEqual([put.status, put.body], [200, { data: link(authors.id, 'entry') }]);
      const { included } = (await admin('GET', `${book.path}?include=sold_as,author`)).body;
      assert.deepEqual(Object.keys(included).sort(), [authors.slug, 'products'].sort());
      assert.deepEqual([included[authors.slug][0].id, included.products.length], [authors.id, 2]);
      const listed = (await admin('GET', `/v2/flows/${book.slug}/entries?include=author`)).body;
      assert.equal(listed.included[authors.slug][0].id, authors.id);

      assert.equal((await admin('DELETE', to('sold_as'), { data: [link(other)] })).status, 204);
      assert.equal((await admin('DELETE', to('author'))).status, 204);
      assert.deepEqual(await shown(), { sold_as: { data: [link(product)] }, author: { data: null } });
    },
  },
  {
    name: 'entries link to nothing that is unknown, and shoppers link nothing',
    run: async (api) => {
      const { admin, shopper } = api;
      const product = await makeProduct(api);
      const { flow, path } = await makeEntry(api, 'shelves');
      await addField(api, flow, 'title');
      await addField(api, flow, 'holds', relation('one-to-many', 'product'));
      const to = (field: string) => `${path}/relationships/${field}`;
      assert.equal((await admin('POST', to('holds'), { data: [link(product), link(randomUUID())] })).status, 404);
      assert.equal((await admin('POST', to('title'), { data: [link(product)] })).status, 404);
      assert.equal((await admin('POST', to('holds'), { data: [{ type: 'product' }] })).status, 422);
      for (const method of ['POST', 'PUT', 'DELETE']) {
        assert.equal((await shopper(method, to('holds'), { data: [link(product)] })).status, 403, method);
      }
      assert.deepEqual((await admin('GET', path)).body.data.relationships.holds, { data: [] });
    },
  },
  {
    name: 'entries link to files, and include them',
    run: async (api) => {
      const { admin } = api;
      const file = await upload(api, 'content', 'cover.txt');
      const { flow, path } = await makeEntry(api, 'covers');
      await addField(api, flow, 'cover', relation('one-to-one', 'file'));
      const to = `${path}/relationships/cover`;
      assert.deepEqual((await admin('PUT', to, { data: link(file, 'file') })).body.data, link(file, 'file'));
      assert.equal((await admin('PUT', to, { data: link(randomUUID(), 'file') })).status, 404);
      const two = [link(file, 'file'), link(await upload(api, 'other', 'o.txt'), 'file')];
      assert.equal((await admin('PUT', to, { data: two })).status, 400, 'this relationship holds one');
      assert.equal((await admin('GET', `${path}?include=cover`)).body.included.files[0].id, file);
    },
  },
];
