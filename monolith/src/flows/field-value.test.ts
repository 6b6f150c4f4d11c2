import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldType } from './field-types.ts';
import { complaintOf } from './field-value.ts';
import type { Rule } from './rules.ts';

const fits = (field_type: FieldType, value: unknown, ...validation_rules: Rule[]) =>
  complaintOf({ field_type, validation_rules }, value) === undefined;

describe('a value of a field', () => {
  test('has the type of the field', () => {
    const right: [FieldType, unknown[]][] = [
      ['string', ['', 'x', '😀']],
      ['integer', [0, -5, Number.MAX_SAFE_INTEGER]],
      ['float', [0, 1.5, -1e300]],
      ['boolean', [true, false]],
      ['date', ['2018-02-28', '2020-02-29 23:59:59', '2018-05-10T14:11:32.123Z', '2018-05-10T14:11:32+02:00']],
    ];
    const wrong: [FieldType, unknown[]][] = [
      ['string', [1, true, null, [], {}, 'a\0b', '\ud800', 'x'.repeat(65_537)]],
      ['integer', [1.5, '1', Number.NaN, 2 ** 53, null, true]],
      ['float', ['1.5', Number.POSITIVE_INFINITY, null, []]],
      ['boolean', ['true', 0, 1, null]],
      ['date', ['2018-02-29', '2018-13-01', '2018-1-1', 'yesterday', 1527811200, '2018-05-10 25:00:00', '']],
      ['relationship', ['x', { id: 'x' }, []]],
    ];
    for (const [type, values] of right) for (const value of values) assert.ok(fits(type, value), `${type} ${value}`);
    for (const [type, values] of wrong) for (const value of values) assert.ok(!fits(type, value), `${type} ${value}`);
  });

  test('obeys every rule', () => {
    assert.ok(fits('string', 'a', { type: 'enum', options: ['a', 'b'] }));
    assert.ok(!fits('string', 'c', { type: 'enum', options: ['a', 'b'] }));
    assert.ok(fits('string', 'a@b.c', { type: 'email' }));
    assert.ok(!fits('string', 'a b@c', { type: 'email' }));
    assert.ok(fits('string', 'red-shoes_2', { type: 'slug' }));
    assert.ok(!fits('string', 'red shoes', { type: 'slug' }));
    const between: Rule = { type: 'between', options: { from: 1, to: 5 } };
    assert.deepEqual(
      [0, 1, 5, 6].map((value) => fits('integer', value, between)),
      [false, true, true, false],
    );
    assert.ok(fits('float', 4.9, between));
    const days: Rule = { type: 'between', options: { from: '2018-01-01', to: '2018-12-31' } };
    assert.ok(fits('date', '2018-06-01 10:00:00', days));
    assert.ok(!fits('date', '2019-01-01', days));
    assert.ok(fits('date', '2018-06-01', { type: 'enum', options: ['2018-06-01'] }));
    assert.ok(!fits('string', 'a', { type: 'enum', options: ['a'] }, { type: 'email' }), 'all of them');
  });
});
