import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ServiceError } from '../service/errors.ts';
import { type FilterFields, readFilter } from './conditions.ts';
import { parseFilter } from './filter.ts';
import { pageLinks, pageMeta, parsePage } from './paging.ts';
import { includedMember, includeOf, queryOf, readPage } from './query.ts';
import { readSort } from './sort.ts';

const isBadRequest = (error: unknown) => error instanceof ServiceError && error.code === 'bad_request';
const refuses = (work: () => unknown, shown?: string) => assert.throws(work, isBadRequest, shown);

describe('a filter', () => {
  test('is a list of terms, blanks trimmed, whose values may hold colons, commas and balanced parentheses', () => {
    assert.deepEqual(parseFilter('gt(created_at,2018-04-16T10:11:59Z):eq( name , Shirt (red), large)'), [
      { op: 'gt', field: 'created_at', values: ['2018-04-16T10:11:59Z'] },
      { op: 'eq', field: 'name', values: ['Shirt (red), large'] },
    ]);
    assert.deepEqual(parseFilter("in(id,a, 'b',c)"), [{ op: 'in', field: 'id', values: ['a', 'b', 'c'] }]);
  });

  test('that cannot be parsed, or has more than ten terms, is refused', () => {
    const broken = [
      'eq',
      'eq(',
      'eq(name',
      'eq(name)',
      'eq(name,)',
      'eq(name,x))',
      'eq(name,x)eq(name,y)',
      'eq(name,x):',
    ];
    for (const text of [...broken, ':eq(name,x)', 'ne(name,x)', 'eq((name,x)', 'eq(na me,x)', 'EQ(name,x)', '']) {
      refuses(() => parseFilter(text), text);
    }
    const terms = (count: number) => Array.from({ length: count }, () => 'eq(name,x)').join(':');
    assert.equal(parseFilter(terms(10)).length, 10);
    refuses(() => parseFilter(terms(11)));
  });

  test('of any text gives terms or a refusal', () => {
    const unit = fc.constantFrom('eq', 'in', '(', ')', ',', ':', 'a', ' ', "'", '.');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        try {
          assert.ok(parseFilter(text).length > 0);
        } catch (error) {
          assert.ok(isBadRequest(error));
        }
      }),
    );
  });

  const fields: FilterFields = {
    name: { type: 'text' },
    status: { type: 'text', ops: ['eq', 'in'] },
    id: { type: 'id' },
    enabled: { type: 'boolean' },
    total: { type: 'integer' },
    at: { type: 'moment' },
  };
  const id = '0B0B0B0B-0000-4000-8000-00000000000a';

  test('becomes conditions by the types of its fields', () => {
    assert.deepEqual(readFilter(undefined, fields), []);
    assert.deepEqual(readFilter('  ', fields), []);
    assert.deepEqual(
      readFilter(`eq(name,a):like(name,b*):in(id,${id},nonsense):eq(enabled,TRUE):ge(total,5)`, fields),
      [
        { field: 'name', is: 'in', values: ['a'] },
        { field: 'name', is: 'like', pattern: 'b*' },
        { field: 'id', is: 'in', values: [id.toLowerCase()] },
        { field: 'enabled', is: 'eq', value: true },
        { field: 'total', is: 'ge', value: 5 },
      ],
    );
  });

  test('names moments as dates, timestamps or milliseconds, and a date with eq is the whole day', () => {
    const day = Date.parse('2018-04-16T00:00:00Z') * 1_000;
    assert.deepEqual(readFilter('eq(at,2018-04-16)', fields), [
      { field: 'at', is: 'ge', value: day },
      { field: 'at', is: 'lt', value: day + 86_400_000_000 },
    ]);
    for (const moment of ['2018-04-16T00:00:00Z', '2018-04-16', String(day / 1_000)]) {
      assert.deepEqual(readFilter(`gt(at,${moment})`, fields), [{ field: 'at', is: 'gt', value: day }]);
    }
  });

  test('by an unknown field, operator or value is refused, members of Object.prototype included', () => {
    for (const text of ['eq(price,1)', 'eq(constructor,x)', 'eq(__proto__,x)', 'gt(name,x)', 'like(status,l*)']) {
      refuses(() => readFilter(text, fields), text);
    }
    for (const text of [
      'eq(enabled,yes)',
      'eq(total,1.5)',
      'eq(at,soon)',
      'gt(at,2018-13-45)',
      'gt(at,999999999999999999)',
    ]) {
      refuses(() => readFilter(text, fields), text);
    }
  });
});

describe('a page', () => {
  const url = 'http://shop.test/v2/things';

  test('in the middle links to all its neighbors and repeats the query', () => {
    const query = { sort: '-name', filter: 'eq(name,a b)', 'page[limit]': '10', 'page[offset]': '20' };
    const page = parsePage(query, 100);
    const to = (offset: number) => `${url}?page[limit]=10&page[offset]=${offset}&sort=-name&filter=eq(name%2Ca%20b)`;
    const links = { current: to(20), first: to(0), last: to(40), prev: to(10), next: to(30) };
    assert.deepEqual(pageLinks(url, query, page, 48), links);
    const meta = { page: { limit: 10, offset: 20, current: 3, total: 5 }, results: { total: 48 } };
    assert.deepEqual(pageMeta(page, 48), meta);
  });

  test('has a default length and a ceiling, and other numbers are refused', async () => {
    assert.deepEqual(await readPage({}, () => 25), { limit: 25, offset: 0 });
    const unasked = () => assert.fail('the store has been asked');
    assert.deepEqual(await readPage({ 'page[limit]': '1000' }, unasked), { limit: 100, offset: 0 });
    for (const limit of ['0', '-1', '1.5', 'ten', '1e999'])
      refuses(() => parsePage({ 'page[limit]': limit }, 10), limit);
    for (const offset of ['-1', '10001', 'x']) refuses(() => parsePage({ 'page[offset]': offset }, 10), offset);
  });

  test('leads by next to every record once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 100 }), (count, limit) => {
        let page = { limit, offset: 0 };
        let seen = 0;
        for (;;) {
          seen += Math.min(limit, count - page.offset);
          const { next } = pageLinks(url, {}, page, count);
          if (next === null) break;
          page = parsePage(Object.fromEntries(new URL(next).searchParams), 10);
        }
        assert.equal(seen, count);
      }),
    );
  });
});

test('a list is sorted by a known field, up or down', () => {
  const fields = ['name', 'created_at'] as const;
  assert.deepEqual(readSort('-name', fields), { field: 'name', descending: true });
  assert.deepEqual(readSort(' created_at ', fields), { field: 'created_at', descending: false });
  assert.equal(readSort(undefined, fields), undefined);
  assert.equal(readSort(' ', fields), undefined);
  for (const sort of ['price', 'toString', 'name desc', '--name']) refuses(() => readSort(sort, fields), sort);
});

test('of a parameter that is given twice the last value counts, and one that is no text is refused', () => {
  assert.deepEqual(queryOf({ query: { sort: ['a', 'b'], filter: 'x' } }), { sort: 'b', filter: 'x' });
  for (const text of ['\0', '\ud800', 'a\udc00b']) refuses(() => queryOf({ query: { sort: text } }));
});

test('includes are at most five names, and empty lists are left out', () => {
  assert.deepEqual([...includeOf({ include: ' Products, brands,,a,b,c,d' })], ['products', 'brands', 'a', 'b', 'c']);
  assert.deepEqual(includedMember({ products: [] }), {});
  assert.deepEqual(includedMember({ products: [1], files: [] }), { included: { products: [1] } });
});
