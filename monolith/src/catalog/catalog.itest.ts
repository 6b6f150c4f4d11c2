import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { uploadFile } from '../testing/forms.ts';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

async function makeCategory(name: string, members: Record<string, unknown> = {}): Promise<string> {
  const data = { type: 'category', name, slug: `${name}-${randomUUID()}`, status: 'live', ...members };
  const { status, body } = await it.admin('POST', '/v2/categories', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

// What the API promises is in test/contract/products.ts.
describe('products', () => {
  test('a product looks the same when debt 20 is paid', async () => {
    const paid = await openTestShop(['eav-joins']);
    try {
      const members = { material: 'linen', dimensions: { width: 3 }, name: 'Same', slug: 'same', sku: 'SAME' };
      const shown = [];
      for (const shop of [it, paid]) {
        const { body } = await shop.admin('GET', `/v2/products/${await makeProduct(shop, members)}`);
        shown.push({ ...body.data, id: '', meta: { ...body.data.meta, timestamps: {} } });
      }
      assert.deepEqual(shown[0], shown[1]);
    } finally {
      await paid.close();
    }
  });
});

describe('relationships of products', () => {
  test('include files that exist and that the client may see', async () => {
    const shops = [it, await openTestShop(['files-one-by-one'])];
    for (const shop of shops) {
      const id = await makeProduct(shop);
      const manual = await uploadFile(shop, 'manual', 'manual.txt');
      shop.advance(1);
      const [plan, draft] = [
        await uploadFile(shop, 'plan', 'plan.txt'),
        await uploadFile(shop, 'draft', 'd.txt', false),
      ];
      const links = (...ids: string[]) => ({ data: ids.map((each) => ({ type: 'file', id: each })) });
      const url = `/v2/products/${id}/relationships/files`;
      assert.deepEqual((await shop.admin('POST', url, links(plan, manual, draft))).body, links(plan, manual, draft));
      assert.equal((await shop.admin('POST', `${url.slice(0, -1)}`, links(randomUUID()))).status, 404);
      const seen = (await shop.shopper('GET', `/v2/products/${id}?include=files`)).body;
      assert.deepEqual(seen.data.relationships.files, links(plan, manual));
      const names = seen.included.files.map((file: { file_name: string }) => file.file_name);
      assert.deepEqual(names, ['manual.txt', 'plan.txt']);
      assert.equal((await shop.admin('GET', `/v2/products/${id}?include=files`)).body.included.files.length, 3);
      await shop.admin('DELETE', `/v2/files/${plan}`);
      assert.deepEqual(
        (await shop.admin('GET', `/v2/products/${id}`)).body.data.relationships.files,
        links(manual, draft),
      );
    }
    await shops[1]?.close();
  });
});

describe('the tree of categories', () => {
  test('concurrent moves cannot close a cycle', async () => {
    const [one, two] = [await makeCategory('left'), await makeCategory('right')];
    const under = (child: string, id: string) =>
      it.admin('PUT', `/v2/categories/${child}/relationships/parent`, { data: { type: 'category', id } });
    const replies = await Promise.all([under(one, two), under(two, one)]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 422]);
  });

  test('is the same when read in one query', async () => {
    const paid = await openTestShop(['tree-by-queries']);
    try {
      const trees = [];
      for (const { admin } of [it, paid]) {
        const ids: string[] = [];
        for (const name of ['t1', 't2', 't3']) {
          const data = { type: 'category', name, slug: `tree-${name}`, status: 'live' };
          ids.push((await admin('POST', '/v2/categories', { data })).body.data.id);
        }
        await admin('POST', `/v2/categories/${ids[0]}/relationships/categories`, {
          data: { children: [{ id: ids[1] }] },
        });
        await admin('POST', `/v2/categories/${ids[1]}/relationships/children`, { data: [{ id: ids[2] }] });
        const tree: { name: string }[] = (await admin('GET', '/v2/categories/tree')).body.data;
        const ours = tree.find(({ name }) => name === 't1');
        trees.push(JSON.stringify(ours, (key, value) => (key === 'id' ? undefined : value)));
      }
      assert.equal(trees[0], trees[1]);
    } finally {
      await paid.close();
    }
  });
});

describe('the order of lists is one that another store can have', () => {
  const ids = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

  test('by creation in microseconds, then by id, forwards and backwards', async () => {
    for (const [plural, type] of [
      ['brands', 'brand'],
      ['products', 'product'],
    ] as const) {
      const tag = randomUUID();
      const made: string[] = [];
      for (const name of ['one', 'two', 'three', 'four']) {
        const group = { type, name: tag, slug: `${tag}-${name}` };
        const data = { ...group, sku: group.slug, status: 'live' };
        if (type === 'product') made.push(await makeProduct(it, data));
        else made.push((await it.admin('POST', `/v2/${plural}`, { data })).body.data.id);
      }
      const [first = '', ...alike] = made;
      const at = (ids: string[], moment: string) =>
        it.shop.db.query(`update ${plural} set created_at = $2 where id = any($1)`, [ids, moment]);
      await at(alike, '2018-05-10T14:11:32.000002Z');
      await at([first], '2018-05-10T14:11:32.000001Z');
      const expected = [first, ...alike.sort()];
      const list = `/v2/${plural}?filter=eq(name,${tag})`;
      assert.deepEqual(ids((await it.admin('GET', list)).body), expected);
      assert.deepEqual(ids((await it.admin('GET', `${list}&sort=name`)).body), expected);
      assert.deepEqual(ids((await it.admin('GET', `${list}&sort=-name`)).body), expected.toReversed());
    }
  });

  test('text without regard to the case of A to Z, by the bytes of UTF-8', async () => {
    const tag = randomUUID();
    for (const name of ['é', 'Z', 'a', '\u{1f600}', '\uffee', 'É', 'B'])
      await it.admin('POST', '/v2/brands', { data: { type: 'brand', name, slug: `${tag}-${name}` } });
    const { body } = await it.admin('GET', `/v2/brands?sort=name&filter=like(slug,${tag}*)`);
    const names = body.data.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['a', 'B', 'Z', 'É', 'é', '\uffee', '\u{1f600}']);
  });
});
