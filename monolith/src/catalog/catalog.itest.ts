import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { plainPng } from '../seed/png.ts';
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

describe('products', () => {
  test('a product shows its prices, its stock and its attributes', async () => {
    const id = await makeProduct(it, { stock: 7, material: 'linen', weight: { unit: 'g', value: 300 } });
    const { body } = await it.shopper('GET', `/v2/products/${id}`);
    const { data } = body;
    assert.equal(data.type, 'product');
    assert.deepEqual(data.price, [{ amount: 1000, currency: 'USD', includes_tax: true }]);
    assert.deepEqual(data.meta.display_price.with_tax, { amount: 1000, currency: 'USD', formatted: '$10.00' });
    assert.deepEqual(data.meta.stock, { level: 7, availability: 'in-stock' });
    assert.equal(data.material, 'linen');
    assert.deepEqual(data.weight, { unit: 'g', value: 300 });
    assert.deepEqual(data.relationships, {});
    assert.deepEqual(data.meta.variation_matrix, []);
  });

  test('an update changes only the members that it names', async () => {
    const id = await makeProduct(it, { material: 'wool' });
    const data = { type: 'product', name: 'Renamed', price: [{ amount: 5, currency: 'EUR' }], material: null };
    const { status, body } = await it.admin('PUT', `/v2/products/${id}`, { data });
    assert.equal(status, 200);
    assert.equal(body.data.name, 'Renamed');
    assert.equal(body.data.description, 'Made for a test');
    assert.deepEqual(body.data.price, [{ amount: 5, currency: 'EUR', includes_tax: true }]);
    assert.equal(body.data.meta.display_price, undefined);
    assert.equal('material' in body.data, false);
  });

  test('all faults of a new product are reported together', async () => {
    const data = { type: 'product', name: '', price: [{ amount: -1, currency: 'usd' }], manage_stock: 'yes' };
    const { status, body } = await it.admin('POST', '/v2/products', { data });
    assert.equal(status, 422);
    const sources = body.errors.map((error: { source: string }) => error.source).sort();
    const missing = ['data.commodity_type', 'data.description', 'data.sku', 'data.slug'];
    const wrong = ['data.manage_stock', 'data.name', 'data.price.0.amount', 'data.price.0.currency'];
    assert.deepEqual(sources, [...missing, ...wrong].sort());
    assert.ok(body.errors.every((error: { status: number; title: string }) => error.title === 'Failed Validation'));
    assert.ok(body.errors.some((error: { detail: string }) => error.detail === 'The data.sku field is required.'));
  });

  test('slug and SKU are unique, and a failed write leaves nothing behind', async () => {
    const id = await makeProduct(it);
    const { data: taken } = (await it.admin('GET', `/v2/products/${id}`)).body;
    const data = { ...taken, id: undefined, slug: 'another', relationships: undefined };
    const { status, body } = await it.admin('POST', '/v2/products', { data });
    assert.equal(status, 422);
    assert.equal(body.errors[0].source, 'data.sku');
    assert.deepEqual((await it.admin('GET', '/v2/products?filter=eq(slug,another)')).body.data, []);
    const wrong = await it.admin('PUT', `/v2/products/${id}`, { data: { name: 'New', weight: 'heavy' } });
    assert.equal(wrong.status, 422);
    assert.equal((await it.admin('GET', `/v2/products/${id}`)).body.data.name, taken.name);
  });

  test('shoppers do not see a draft', async () => {
    const id = await makeProduct(it, { status: 'draft' });
    const { status, body } = await it.shopper('GET', `/v2/products/${id}`);
    assert.equal(status, 404);
    assert.equal(body.errors[0].title, 'Product not found');
    assert.equal((await it.shopper('GET', `/v2/products?filter=eq(id,${id})`)).body.meta.results.total, 0);
    assert.equal((await it.admin('GET', `/v2/products?filter=eq(id,${id})`)).body.meta.results.total, 1);
  });

  test('lists page, filter and sort', async () => {
    const tag = randomUUID();
    const names = ['b', 'a', 'c'];
    for (const name of names) await makeProduct(it, { name: `${tag} ${name}`, stock: 3 });
    const filter = `like(name,${tag.toUpperCase()}*):eq(status,live):gt(stock,2)`;
    const first = await it.shopper('GET', `/v2/products?sort=-name&page[limit]=2&filter=${filter}`);
    assert.deepEqual(
      first.body.data.map((product: { name: string }) => product.name.at(-1)),
      ['c', 'b'],
    );
    assert.deepEqual(first.body.meta, { page: { limit: 2, offset: 0, current: 1, total: 2 }, results: { total: 3 } });
    const next = await it.shopper('GET', first.body.links.next.replace('http://shop.test', ''));
    assert.equal(next.body.data[0].name, `${tag} a`);
    const encoded = await it.shopper('GET', `/v2/products?page%5Blimit%5D=1&filter=${encodeURIComponent(filter)}`);
    assert.equal(encoded.body.meta.results.total, 3);
    // In insertion order.
    assert.equal(encoded.body.data[0].name, `${tag} b`);
  });

  test('sorting ignores the case of text', async () => {
    const tag = randomUUID();
    for (const name of ['banana', 'Apple', 'Cherry', 'apple pie'])
      await makeProduct(it, { name, material: tag, sku: `${tag}${name}` });
    const { body } = await it.shopper('GET', `/v2/products?sort=name&filter=like(sku,${tag}*)`);
    assert.deepEqual(
      body.data.map((product: { name: string }) => product.name),
      ['Apple', 'apple pie', 'banana', 'Cherry'],
    );
  });

  test('an invalid filter or sort is 400', async () => {
    for (const query of [
      'filter=eq(name',
      'filter=eq(price,1)',
      'sort=price',
      'page[limit]=0',
      'filter=eq(name,%00)',
    ]) {
      const { status, body } = await it.shopper('GET', `/v2/products?${query}`);
      assert.equal(status, 400, query);
      assert.equal(body.errors[0].status, 400);
    }
  });

  test('a malformed id or an unknown product is 404 with every method', async () => {
    for (const id of ['nonsense', randomUUID(), "'%20or%201=1"]) {
      assert.equal((await it.admin('GET', `/v2/products/${id}`)).status, 404);
      assert.equal((await it.admin('PUT', `/v2/products/${id}`, { data: { name: 'x' } })).status, 404);
      assert.equal((await it.admin('DELETE', `/v2/products/${id}`)).status, 404);
      assert.equal((await it.admin('POST', `/v2/products/${id}/relationships/categories`, { data: [] })).status, 404);
    }
  });

  test('shoppers cannot change the catalog', async () => {
    const id = await makeProduct(it);
    assert.equal((await it.shopper('DELETE', `/v2/products/${id}`)).status, 403);
    assert.equal((await it.admin('DELETE', `/v2/products/${id}`)).status, 204);
    assert.equal((await it.admin('GET', `/v2/products/${id}`)).status, 404);
  });

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
  test('are added, replaced, removed and included', async () => {
    const [one, two, draft] = [
      await makeCategory('one'),
      await makeCategory('two'),
      await makeCategory('three', { status: 'draft' }),
    ];
    const id = await makeProduct(it);
    const url = `/v2/products/${id}/relationships/categories`;
    const links = (...ids: (string | undefined)[]) => ({ data: ids.map((each) => ({ type: 'category', id: each })) });
    assert.deepEqual(await it.admin('POST', url, links(one)), { status: 200, body: links(one) });
    assert.deepEqual((await it.admin('POST', url, links(one, two, draft))).body, links(one, two, draft));

    const seen = await it.shopper('GET', `/v2/products/${id}?include=categories, brands`);
    assert.deepEqual(seen.body.data.relationships.categories, links(one, two));
    assert.deepEqual(
      seen.body.included.categories.map((category: { id: string }) => category.id),
      [one, two],
    );
    const ofCategory = await it.shopper('GET', `/v2/products?filter=eq(category.id,${two})&include=main_image`);
    assert.equal(ofCategory.body.data[0].id, id);
    const ofDraft = `/v2/products?filter=eq(category.id,${draft})`;
    assert.equal((await it.admin('GET', ofDraft)).body.meta.results.total, 1);
    assert.equal((await it.shopper('GET', ofDraft)).body.meta.results.total, 0);
    assert.equal('included' in ofCategory.body, false);
    const category = await it.shopper('GET', `/v2/categories/${one}?include=products`);
    assert.equal(category.body.included.products[0].id, id);
    assert.deepEqual(category.body.data.relationships.products, { data: [{ type: 'product', id }] });

    assert.equal((await it.admin('DELETE', url, links(one))).status, 204);
    assert.deepEqual((await it.admin('PUT', url, links(two))).body, links(two));
    assert.deepEqual((await it.admin('PUT', url, { data: [] })).body, { data: [] });
  });

  test('link nothing when a target is unknown (404) or not an id (422)', async () => {
    const id = await makeProduct(it);
    const known = await makeCategory('known');
    const url = `/v2/products/${id}/relationships/categories`;
    const unknown = await it.admin('POST', url, { data: [{ id: known }, { id: randomUUID() }] });
    assert.equal(unknown.status, 404);
    assert.equal((await it.admin('POST', url, { data: [{ id: 'nonsense' }] })).status, 422);
    assert.equal((await it.admin('POST', url, { data: ['nonsense'] })).status, 400);
    assert.deepEqual((await it.admin('GET', `/v2/products/${id}`)).body.data.relationships, {});
  });

  test('include a main image, which an object or array sets and an empty body clears', async () => {
    const id = await makeProduct(it);
    const file = await uploadFile(it, plainPng(4, 3, [9, 9, 9]), 'image.png');
    const url = `/v2/products/${id}/relationships/main-image`;
    const image = { type: 'main_image', id: file };
    assert.deepEqual((await it.admin('POST', url, { data: image })).body, { data: image });
    assert.deepEqual((await it.admin('PUT', url, { data: [image] })).body, { data: image });
    const { relationships } = (await it.shopper('GET', `/v2/products/${id}`)).body.data;
    assert.deepEqual(relationships.main_image, { data: image });
    for (const name of ['main_image', 'main_images']) {
      const { included } = (await it.shopper('GET', `/v2/products?filter=eq(id,${id})&include=${name}`)).body;
      assert.deepEqual(included.main_images, [(await it.shopper('GET', `/v2/files/${file}`)).body.data]);
    }
    for (const wrong of [randomUUID(), id]) {
      const { status, body } = await it.admin('PUT', url, { data: { type: 'main_image', id: wrong } });
      assert.deepEqual([status, body.errors[0].title], [404, 'File not found']);
    }
    assert.deepEqual((await it.shopper('GET', `/v2/products/${id}`)).body.data.relationships.main_image, {
      data: image,
    });
    assert.equal((await it.admin('PUT', url)).status, 200);
    assert.deepEqual((await it.shopper('GET', `/v2/products/${id}`)).body.data.relationships, {});
  });

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
  test('nests live children under their parents', async () => {
    const [root, child, leaf, draft] = [
      await makeCategory('root'),
      await makeCategory('child'),
      await makeCategory('leaf'),
      await makeCategory('draft', { status: 'draft' }),
    ];
    const children = (...ids: (string | undefined)[]) => ({ data: ids.map((id) => ({ type: 'category', id })) });
    assert.equal(
      (await it.admin('POST', `/v2/categories/${root}/relationships/children`, children(child))).status,
      200,
    );
    const parent = { data: { type: 'category', id: child } };
    assert.equal((await it.admin('POST', `/v2/categories/${leaf}/relationships/parent`, parent)).status, 204);
    assert.equal((await it.admin('PUT', `/v2/categories/${draft}/relationships/parent`, parent)).status, 200);

    const { body } = await it.shopper('GET', '/v2/categories/tree');
    const top = body.data.find((node: { id: string }) => node.id === root);
    assert.equal(top.children[0].id, child);
    assert.deepEqual(
      top.children[0].children.map((node: { id: string }) => node.id),
      [leaf],
    );
    assert.equal('children' in top.children[0].children[0], false);
    assert.ok(!body.data.some((node: { id: string }) => node.id === child));

    const seen = (await it.shopper('GET', `/v2/categories/${child}`)).body.data.relationships;
    assert.deepEqual(seen, { parent: { data: { type: 'category', id: root } }, children: children(leaf) });

    const circle = await it.admin('PUT', `/v2/categories/${root}/relationships/parent`, {
      data: { type: 'category', id: leaf },
    });
    assert.equal(circle.status, 422);
    assert.equal((await it.admin('DELETE', `/v2/categories/${leaf}/relationships/parent`)).status, 204);
    const after = (await it.admin('GET', '/v2/categories/tree')).body.data;
    assert.ok(after.some((node: { id: string }) => node.id === leaf));
  });

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

describe('brands and collections', () => {
  for (const [plural, type] of [
    ['brands', 'brand'],
    ['collections', 'collection'],
  ]) {
    test(`${plural} are made, read, changed and deleted`, async () => {
      const data = { type, name: 'Thing', slug: 'thing', status: 'live' };
      const made = await it.admin('POST', `/v2/${plural}`, { data });
      assert.equal(made.status, 201);
      assert.deepEqual(made.body.data.relationships, {});
      const { id } = made.body.data;
      assert.equal((await it.admin('POST', `/v2/${plural}`, { data })).status, 422);
      const changed = await it.admin('PUT', `/v2/${plural}/${id}`, { data: { id, type, name: 'Other' } });
      assert.equal(changed.body.data.name, 'Other');
      assert.equal((await it.admin('PUT', `/v2/${plural}/${id}`, { data: { id: randomUUID() } })).status, 422);
      assert.equal((await it.shopper('GET', `/v2/${plural}?filter=eq(slug,thing)`)).body.data[0].id, id);
      assert.equal((await it.admin('GET', `/v2/${plural}/attributes`)).body.meta.entity, plural);
      assert.equal((await it.admin('DELETE', `/v2/${plural}/${id}`)).status, 204);
      assert.equal((await it.admin('GET', `/v2/${plural}/${id}`)).status, 404);
    });
  }
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

  test('links of a product by position: in the order in which they were added', async () => {
    const made: string[] = [];
    for (const name of ['p1', 'p2', 'p3', 'p4']) made.push(await makeCategory(name));
    const id = await makeProduct(it);
    const url = `/v2/products/${id}/relationships/categories`;
    const links = (...list: (string | undefined)[]) => ({ data: list.map((each) => ({ type: 'category', id: each })) });
    const [one, two, three, four] = made;
    await it.admin('POST', url, links(three, one));
    await it.admin('POST', url, links(two, one));
    assert.deepEqual((await it.admin('POST', url, links(four))).body, links(three, one, two, four));
    await it.admin('DELETE', url, links(one));
    assert.deepEqual((await it.admin('POST', url, links(one))).body, links(three, two, four, one));
    assert.deepEqual((await it.admin('PUT', url, links(two, one))).body, links(two, one));
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
