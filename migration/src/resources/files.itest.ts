import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { files } from './files.ts';
import { notOwner } from './not-owner.ts';

const hash = 'ab'.repeat(32);

describe('files in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, files);
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    for (const table of ['files', 'shop_events', 'products']) await monolith.query(`delete from ${table}`);
  });

  const make = async (id: string = randomUUID()) => {
    await monolith.query(
      `insert into files (id, file_name, filter_name, mime_type, file_size, public, width, height, content_hash, created_at)
       values ($1, 'Déjà 😀.png', 'déjà_😀.png', 'image/png', 5, true, 3, 2, $2, '2018-05-10 14:11:32.000123Z')`,
      [id, hash],
    );
    return id;
  };
  const upload: State = {
    ...{ file_name: 'Déjà 😀.png', filter_name: 'déjà_😀.png', mime_type: 'image/png', file_size: 5, public: true },
    ...{ width: 3, height: 2, content_hash: hash, location: null, created_at: '2018-05-10T14:11:32.000123Z' },
  };
  const link: State = {
    ...upload,
    ...{ file_size: 0, width: null, height: null, content_hash: null, location: 'https://a.b/c.png', public: false },
  };
  const events = () =>
    monolith.query<{ id: string; key: string; entity_id: string; resources: object }>(
      'select id, key, entity_id, resources from shop_events order by seq',
    );

  test('a file is one aggregate, which notes its key, and names its content by its hash', async () => {
    const id = await make();
    assert.deepEqual(await attached.noted(), [id]);
    assert.deepEqual(await attached.state(id), upload);
    assert.deepEqual([files.contents?.hashOf(upload), files.contents?.hashOf(link)], [hash, null]);
    await monolith.query('delete from files');
    assert.deepEqual(await attached.noted(), [id]);
  });

  test('keys come in bytewise order, some at a time', async () => {
    const ids = ['0', '8', 'f'].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`);
    for (const id of ids.toReversed()) await make(id);
    assert.deepEqual(await attached.keys(null, 2), ids.slice(0, 2));
    assert.deepEqual(await attached.keys(ids[1] ?? '', 10), ids.slice(2));
    assert.deepEqual(await monolith.query(files.count), [{ count: 3 }]);
  });

  test('come back as they went, to the microsecond, and are noted by none', async () => {
    await attached.follow();
    for (const given of [upload, link, { ...link, location: 'https://a.b/"é"?x=\'' }]) {
      const key = randomUUID();
      assert.equal(await attached.bringBack(key, given), 1);
      assert.equal(digestOf(key, (await attached.state(key)) ?? {}), digestOf(key, given));
      assert.equal(await attached.bringBack(key, null), 1);
      assert.equal(await attached.state(key), undefined);
    }
    assert.deepEqual(await attached.noted(), []);
  });

  test('a deletion that comes back takes the links of products along, and no others', async () => {
    const [gone, kept] = [await make(), await make()];
    await monolith.query(
      `insert into products (name, slug, sku, description, status, commodity_type, manage_stock)
       values ('P', 'p', 'p', '', 'live', 'physical', false)`,
    );
    for (const id of [gone, kept]) {
      await monolith.query(
        `insert into product_files (product_id, file_id, position) select id, $1, (select count(*) from product_files) from products`,
        [id],
      );
    }
    await monolith.query('insert into product_main_images (product_id, file_id) select id, $1 from products', [gone]);
    await attached.follow();
    await attached.bringBack(gone, null);
    assert.deepEqual(await monolith.query('select file_id from product_files'), [{ file_id: kept }]);
    assert.deepEqual(await monolith.query('select file_id from product_main_images'), []);
  });

  test('what comes back is told to webhooks once, as the API shows it', async () => {
    await attached.follow();
    const [one, two] = [randomUUID(), randomUUID()];
    const version = versionOf(2, 1_000);
    await attached.bringBack(one, upload, version);
    await attached.bringBack(one, upload);
    await attached.bringBack(two, link);
    await attached.bringBack(one, null, versionOf(2, 2_000));
    const told = await events();
    assert.deepEqual(
      told.map(({ key, entity_id }) => [key, entity_id]),
      [
        ['file.created', one],
        ['file.created', two],
        ['file.deleted', one],
      ],
    );
    assert.deepEqual(
      [told[0]?.id, told[2]?.id],
      [factId('file.created', one, version), factId('file.deleted', one, versionOf(2, 2_000))],
    );
    assert.deepEqual(told[0]?.resources, {
      data: {
        ...{ type: 'file', id: one, link: { href: `http://shop.test/files/${one}.png` }, file_name: 'Déjà 😀.png' },
        ...{ mime_type: 'image/png', file_size: 5, public: true },
        meta: { dimensions: { width: 3, height: 2 }, timestamps: { created_at: '2018-05-10T14:11:32.000Z' } },
        links: { self: `http://shop.test/v2/files/${one}` },
      },
    });
    const { data } = (told[1] ?? assert.fail()).resources as { data: { link: object; meta: { dimensions: object } } };
    assert.deepEqual([data.link, data.meta.dimensions], [{ href: 'https://a.b/c.png' }, {}]);
  });

  test('are written by their owner only', async () => {
    await make();
    await attached.follow();
    await assert.rejects(make(), { code: notOwner });
    await assert.rejects(monolith.query('delete from files'), { code: notOwner });
  });
});
