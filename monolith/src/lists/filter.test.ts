import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Bindings } from '../api/sql.ts';
import { ShopError } from '../errors.ts';
import { parseFilter } from './filter.ts';
import { filterConditions, likePattern, textField, timeField, uuidField } from './filter-fields.ts';

describe('parseFilter', () => {
  test('reads terms, blanks trimmed', () => {
    assert.deepEqual(parseFilter('eq(status, live ):like( sku ,AB*)'), [
      { op: 'eq', field: 'status', values: ['live'] },
      { op: 'like', field: 'sku', values: ['AB*'] },
    ]);
  });

  test('values may hold colons, commas and balanced parentheses', () => {
    assert.deepEqual(parseFilter('gt(created_at,2018-04-16T10:11:59Z):eq(name,Shirt (red), large)'), [
      { op: 'gt', field: 'created_at', values: ['2018-04-16T10:11:59Z'] },
      { op: 'eq', field: 'name', values: ['Shirt (red), large'] },
    ]);
  });

  test('in takes several values', () => {
    assert.deepEqual(parseFilter('in(id,a, b,c)'), [{ op: 'in', field: 'id', values: ['a', 'b', 'c'] }]);
  });

  test('one pair of single quotes is removed', () => {
    assert.deepEqual(parseFilter("eq(name,'Nike')")[0]?.values, ['Nike']);
  });

  const broken = ['eq', 'eq(', 'eq(name', 'eq(name)', 'eq(name,)', 'eq(name,x', 'eq(name,x))', 'eq(name,x)eq(name,y)'];
  const alsoBroken = ['eq(name,x):', ':eq(name,x)', 'ne(name,x)', 'eq((name,x)', 'eq(na me,x)', 'EQ(name,x)', ''];
  for (const text of [...broken, ...alsoBroken]) {
    test(`400 for ${text || 'nothing'}`, () => {
      assert.throws(
        () => parseFilter(text),
        (error) => error instanceof ShopError && error.code === 'bad_request',
      );
    });
  }

  test('at most ten terms', () => {
    const terms = (count: number) => Array.from({ length: count }, () => 'eq(name,x)').join(':');
    assert.equal(parseFilter(terms(10)).length, 10);
    assert.throws(() => parseFilter(terms(11)), ShopError);
  });

  test('any text gives terms or a 400', () => {
    const text = fc.string({
      unit: fc.constantFrom('eq', 'in', '(', ')', ',', ':', 'a', ' ', "'", '.'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (filter) => {
        try {
          assert.ok(parseFilter(filter).length > 0);
        } catch (error) {
          assert.ok(error instanceof ShopError && error.code === 'bad_request');
        }
      }),
    );
  });
});

describe('filterConditions', () => {
  const fields = { name: textField('t.name'), id: uuidField('t.id = any($::uuid[])'), at: timeField('t.at') };
  const conditions = (filter: string) => {
    const bindings = new Bindings();
    return { sql: filterConditions(parseFilter(filter), fields, bindings), values: bindings.values };
  };

  test('no value is ever part of the text of a statement', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (text) => {
        const bindings = new Bindings();
        const [sql] = filterConditions([{ op: 'eq', field: 'name', values: [text] }], fields, bindings);
        assert.equal(sql, 't.name = any($1::text[])');
        assert.deepEqual(bindings.values, [[text]]);
      }),
    );
  });

  test('unknown fields and operators are refused, including members of Object.prototype', () => {
    for (const filter of ['eq(price,1)', 'eq(constructor,x)', 'eq(__proto__,x)', 'gt(name,x)', 'in(id.0,a,id.1,b)']) {
      assert.throws(
        () => conditions(filter),
        (error) => error instanceof ShopError && error.code === 'bad_request',
      );
    }
  });

  test('text that is not an id matches nothing', () => {
    assert.deepEqual(conditions('in(id,nonsense)').values, [[]]);
  });

  test('a date with eq is the whole day', () => {
    assert.deepEqual(conditions('eq(at,2018-04-16)'), {
      sql: ["t.at >= $1::timestamptz and t.at < $1::timestamptz + interval '1 day'"],
      values: ['2018-04-16T00:00:00.000Z'],
    });
  });

  test('a moment is a date, a timestamp or milliseconds', () => {
    const moments = ['2018-04-16T10:11:59Z', '1523873519000'].map((moment) => conditions(`gt(at,${moment})`).values[0]);
    assert.deepEqual(moments, ['2018-04-16T10:11:59.000Z', '2018-04-16T10:11:59.000Z']);
    for (const moment of ['soon', '2018-13-45', '2018-04-16; drop table t', '99999999999999999']) {
      assert.throws(() => conditions(`gt(at,${moment})`), ShopError);
    }
  });
});

test('only the star is special in LIKE', () => {
  assert.equal(likePattern('50%_a\\*'), '50\\%\\_a\\\\%');
});
