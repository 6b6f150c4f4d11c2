import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../errors.ts';
import { pageLinks, pageMeta, parsePage } from './paging.ts';
import { orderBy } from './sort.ts';

const urlOfList = 'http://shop.test/v2/products';

describe('paging', () => {
  test('a page in the middle links to all its neighbors and repeats the query', () => {
    const query = { sort: '-name', filter: 'eq(name,a b)', 'page[limit]': '10', 'page[offset]': '20' };
    const page = parsePage(query, 100);
    const others = '&sort=-name&filter=eq(name%2Ca%20b)';
    const to = (offset: number) => `${urlOfList}?page[limit]=10&page[offset]=${offset}${others}`;
    assert.deepEqual(pageLinks(urlOfList, query, page, 48), {
      current: to(20),
      first: to(0),
      last: to(40),
      prev: to(10),
      next: to(30),
    });
    assert.deepEqual(pageMeta(page, 48), {
      page: { limit: 10, offset: 20, current: 3, total: 5 },
      results: { total: 48 },
    });
  });

  test('a single page has no last, prev or next', () => {
    const { last, prev, next } = pageLinks(urlOfList, {}, { limit: 100, offset: 0 }, 3);
    assert.deepEqual([last, prev, next], [null, null, null]);
  });

  test('an empty list has no pages', () => {
    assert.deepEqual(pageMeta({ limit: 10, offset: 0 }, 0).page, { limit: 10, offset: 0, current: 1, total: 0 });
  });

  test('the limit has a default and a ceiling', () => {
    assert.deepEqual(parsePage({}, 25), { limit: 25, offset: 0 });
    assert.equal(parsePage({ 'page[limit]': '1000' }, 25).limit, 100);
  });

  for (const limit of ['0', '-1', '1.5', 'ten', '1e999']) {
    test(`400 for page[limit]=${limit}`, () => assert.throws(() => parsePage({ 'page[limit]': limit }, 10), ShopError));
  }

  test('an offset beyond the limit is 400', () => {
    assert.throws(() => parsePage({ 'page[offset]': '10001' }, 10), ShopError);
    assert.throws(() => parsePage({ 'page[offset]': '-1' }, 10), ShopError);
  });

  test('walking by next visits every record once', () => {
    const total = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(total, fc.integer({ min: 1, max: 100 }), (count, limit) => {
        let page = { limit, offset: 0 };
        let seen = 0;
        for (;;) {
          seen += Math.min(limit, count - page.offset);
          const { next } = pageLinks(urlOfList, {}, page, count);
          if (next === null) break;
          page = parsePage(Object.fromEntries(new URL(next).searchParams), 10);
        }
        assert.equal(seen, count);
      }),
    );
  });
});

describe('orderBy', () => {
  const fields = { name: 't.name' };
  test('names a column, its direction and a tie-break', () => {
    assert.equal(orderBy('-name', fields, 't.created_at, t.id'), 'order by t.name desc, t.created_at desc, t.id desc');
    assert.equal(orderBy(undefined, fields, 't.created_at, t.id'), 'order by t.created_at, t.id');
  });
  test('an unknown field is 400', () => {
    for (const sort of ['price', 'toString', 'name desc', '--name']) {
      assert.throws(() => orderBy(sort, fields, 't.id'), ShopError);
    }
  });
});
