import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { DebtName } from '../debts.ts';
import { uploadFile } from '../testing/forms.ts';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { fieldOn, flowNamed } from './testing.ts';

const debts: [string, DebtName[]][] = [
  ['debts owed', []],
  ['debts paid', ['flow-values-one-by-one', 'unique-values-unindexed']],
];

for (const [title, paid] of debts) {
  describe(`entries, ${title}`, () => {
    let it: TestShop;
    const entries = (flow: string, rest = '') => `/v2/flows/${flow}/entries${rest}`;
    const sources = (reply: { body: { errors: { source: string }[] } }) => reply.body.errors.map((one) => one.source);
    before(async () => {
      it = await openTestShop(paid);
      await flowNamed(it, 'books');
      await fieldOn(it, 'books', { slug: 'title', required: true, order: 1 });
      await fieldOn(it, 'books', { slug: 'isbn', unique: true, order: 2 });
      await fieldOn(it, 'books', { slug: 'pages', field_type: 'integer', default: 100, order: 3 });
      await fieldOn(it, 'books', { slug: 'subtitle', omit_null: true, order: 4 });
      await fieldOn(it, 'books', { slug: 'off', enabled: false });
    });
    after(() => it.close());

    test('are created with defaults, read, changed and deleted', async () => {
      const made = await it.admin('POST', entries('books'), {
        data: { type: 'entry', title: 'Emma', off: 'x', other: 1 },
      });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { id, meta, ...rest } = made.body.data;
      assert.deepEqual(rest, {
        ...{ type: 'entry', title: 'Emma', isbn: null, pages: 100 },
        links: { self: `http://shop.test/v2/flows/books/entries/${id}` },
      });
      assert.ok(meta.timestamps.created_at);
      assert.deepEqual((await it.shopper('GET', entries('books', `/${id}`))).body.data, made.body.data);
      const change = { type: 'entry', pages: null, subtitle: 'A novel' };
      const changed = (await it.admin('PUT', entries('books', `/${id}`), { data: change })).body.data;
      assert.deepEqual([changed.title, changed.pages, changed.subtitle], ['Emma', null, 'A novel']);
      assert.equal((await it.admin('DELETE', entries('books', `/${id}`))).status, 204);
      assert.equal((await it.admin('GET', entries('books', `/${id}`))).status, 404);
      assert.equal((await it.admin('PUT', entries('books', `/${id}`), { data: change })).status, 404);
    });

    test('refuse values that break a rule, and keep what they had', async () => {
      const none = await it.admin('POST', entries('books'), { data: { type: 'entry', pages: 'many' } });
      assert.deepEqual([none.status, sources(none).sort()], [422, ['data.pages', 'data.title']]);
      assert.equal((await it.admin('POST', entries('books'), { data: { title: 'x' } })).status, 422, 'no type');
      const { id } = (await it.admin('POST', entries('books'), { data: { type: 'entry', title: 'One' } })).body.data;
      const wrong = await it.admin('PUT', entries('books', `/${id}`), { data: { title: null, pages: 5 } });
      assert.deepEqual([wrong.status, sources(wrong)], [422, ['data.title']]);
      assert.equal((await it.admin('GET', entries('books', `/${id}`))).body.data.pages, 100);
      assert.equal((await it.shopper('POST', entries('books'), { data: { type: 'entry', title: 'x' } })).status, 403);
    });

    test('with one Idempotency-Key are created once', async () => {
      const key = { 'idempotency-key': randomUUID() };
      const add = () => it.admin('POST', entries('books'), { data: { type: 'entry', title: 'Twice' } }, key);
      assert.deepEqual((await add()).body, (await add()).body);
    });

    test('a unique value is there once, also for two requests at a time', async () => {
      const isbn = randomUUID();
      const add = () => it.admin('POST', entries('books'), { data: { type: 'entry', title: 'T', isbn } });
      const both = await Promise.all([add(), add(), add()]);
      assert.deepEqual(both.map(({ status }) => status).sort(), [201, 422, 422]);
      const kept = both.find(({ status }) => status === 201)?.body.data.id;
      const again = await it.admin('PUT', entries('books', `/${kept}`), { data: { isbn } });
      assert.equal(again.status, 200, 'its own value is not taken');
      assert.deepEqual(sources(await add()), ['data.isbn']);
    });

    test('are listed a hundred at a time, in the order of their creation', async () => {
      await flowNamed(it, 'notes');
      await fieldOn(it, 'notes', { slug: 'n', field_type: 'integer' });
      for (let n = 0; n < 103; n += 1) {
        // Entries of one millisecond are in the order of their ids.
        it.advance(1);
        await it.admin('POST', entries('notes'), { data: { type: 'entry', n } });
      }
      const first = (await it.shopper('GET', entries('notes'))).body;
      assert.deepEqual([first.data.length, first.meta.page.limit, first.meta.results.total], [100, 100, 103]);
      const last = (await it.shopper('GET', entries('notes', '?page[limit]=10&page[offset]=100'))).body;
      assert.deepEqual(
        [...first.data, ...last.data].map(({ n }) => n),
        Array.from({ length: 103 }, (_, n) => n),
      );
      assert.ok(first.links.next?.includes('/v2/flows/notes/entries?'));
    });

    test('lose the values of a deleted field; a deleted flow takes its entries along', async () => {
      await flowNamed(it, 'things');
      const gone = await fieldOn(it, 'things', { slug: 'gone' });
      const made = await it.admin('POST', entries('things'), { data: { type: 'entry', gone: 'x' } });
      assert.equal((await it.admin('DELETE', `/v2/fields/${gone}`)).status, 204);
      const read = (await it.admin('GET', entries('things', `/${made.body.data.id}`))).body.data;
      assert.equal('gone' in read, false);
      await fieldOn(it, 'things', { slug: 'gone' });
      assert.equal((await it.admin('GET', entries('things', `/${made.body.data.id}`))).body.data.gone, null);
      assert.equal((await it.admin('DELETE', '/v2/flows/things')).status, 204);
      const { rows } = await it.shop.db.query('select from flow_entries where id = $1', [made.body.data.id]);
      assert.equal(rows.length, 0);
    });

    test('link to entities: to many, to one, and to entries of another flow', async () => {
      const product = await makeProduct(it);
      const other = await makeProduct(it);
      await flowNamed(it, 'authors');
      await fieldOn(it, 'authors', { slug: 'called' });
      const relation = (type: string, to: string) => ({
        field_type: 'relationship',
        validation_rules: [{ type, to }],
      });
      await fieldOn(it, 'books', { slug: 'sold_as', order: 10, ...relation('one-to-many', 'product') });
      await fieldOn(it, 'books', { slug: 'author', order: 11, ...relation('one-to-one', 'authors') });
      const ada = (await it.admin('POST', entries('authors'), { data: { type: 'entry', called: 'Ada' } })).body.data.id;
      const { id, relationships } = (
        await it.admin('POST', entries('books'), { data: { type: 'entry', title: 'B', sold_as: 'ignored' } })
      ).body.data;
      assert.deepEqual(relationships, { sold_as: { data: [] }, author: { data: null } });
      const to = (field: string) => entries('books', `/${id}/relationships/${field}`);
      const link = (target: string, type = 'product') => ({ type, id: target });

      const added = await it.admin('POST', to('sold_as'), { data: [link(product)] });
      assert.deepEqual([added.status, added.body], [201, { data: [link(product)] }]);
      const more = await it.admin('POST', to('sold_as'), { data: { 0: link(other), 1: link(product) } });
      assert.deepEqual(more.body.data, [link(other), link(product)], 'a list with numbered members, and no link twice');
      const put = await it.admin('PUT', to('author'), { data: link(ada, 'authors') });
      assert.deepEqual([put.status, put.body], [200, { data: link(ada, 'entry') }]);
      const shown = await it.admin('GET', entries('books', `/${id}?include=sold_as,author`));
      assert.deepEqual(shown.body.data.relationships, {
        sold_as: { data: [link(other), link(product)] },
        author: { data: link(ada, 'entry') },
      });
      assert.deepEqual(Object.keys(shown.body.included).sort(), ['authors', 'products']);
      assert.equal(shown.body.included.authors[0].called, 'Ada');
      assert.equal(shown.body.included.products.length, 2);

      assert.equal((await it.admin('DELETE', to('sold_as'), { data: [link(other)] })).status, 204);
      assert.equal((await it.admin('DELETE', to('author'))).status, 204);
      const after = (await it.admin('GET', entries('books', `/${id}`))).body.data.relationships;
      assert.deepEqual(after, { sold_as: { data: [link(product)] }, author: { data: null } });

      assert.equal((await it.admin('POST', to('sold_as'), { data: [link(randomUUID())] })).status, 404);
      assert.equal((await it.admin('POST', to('title'), { data: [link(product)] })).status, 404);
      assert.equal((await it.admin('POST', to('sold_as'), { data: [{ type: 'product' }] })).status, 422);
      assert.equal((await it.admin('PUT', to('author'), { data: [link(ada), link(product)] })).status, 404);
    });

    test('link to files', async () => {
      const file = await uploadFile(it, 'content', 'cover.txt');
      const validation_rules = [{ type: 'one-to-one', to: 'file' }];
      await fieldOn(it, 'books', { slug: 'cover', field_type: 'relationship', validation_rules });
      const { id } = (await it.admin('POST', entries('books'), { data: { type: 'entry', title: 'F' } })).body.data;
      const link = { type: 'file', id: file };
      const path = entries('books', `/${id}/relationships/cover`);
      assert.deepEqual((await it.admin('PUT', path, { data: link })).body.data, link);
      assert.equal((await it.admin('PUT', path, { data: { type: 'file', id: randomUUID() } })).status, 404);
      const read = (await it.admin('GET', entries('books', `/${id}?include=cover`))).body;
      assert.equal(read.included.files[0].id, file);
    });

    test('of core flows are the entities themselves', async () => {
      await flowNamed(it, 'products');
      await fieldOn(it, 'products', { slug: 'washable', field_type: 'boolean' });
      const product = await makeProduct(it, { washable: true });
      const draft = await makeProduct(it, { status: 'draft' });
      const one = (await it.shopper('GET', entries('products', `/${product}`))).body.data;
      assert.deepEqual([one.id, one.type, one.washable], [product, 'entry', true]);
      assert.equal((await it.shopper('GET', entries('products', `/${draft}`))).status, 404);
      const seen = (await it.shopper('GET', entries('products'))).body.data.map(({ id }: { id: string }) => id);
      assert.ok(seen.includes(product) && !seen.includes(draft));
      const set = await it.admin('POST', entries('products'), { data: { type: 'entry', id: draft, washable: false } });
      assert.deepEqual([set.status, set.body.data.washable], [201, false]);
      assert.equal((await it.admin('PUT', entries('products', `/${draft}`), { data: { washable: true } })).status, 200);
      assert.equal((await it.admin('GET', `/v2/products/${draft}`)).body.data.washable, true);
      assert.equal((await it.admin('DELETE', entries('products', `/${draft}`))).status, 204);
      assert.equal((await it.admin('GET', `/v2/products/${draft}`)).body.data.washable, null, 'the product stays');
      assert.equal((await it.admin('POST', entries('products'), { data: { type: 'entry' } })).status, 422);
      await flowNamed(it, 'customers');
      assert.equal((await it.shopper('GET', entries('customers'))).status, 403);
      assert.equal((await it.admin('GET', entries('customers'))).status, 200);
    });
  });
}
