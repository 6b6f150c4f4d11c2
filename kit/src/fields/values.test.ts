import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkValues, requireUnique, written } from './check-values.ts';
import type { Field } from './definition.ts';
import { complaintOf } from './field-value.ts';
import { linkedIds, linksAfter } from './links.ts';
import { attributesWithFields, withFields } from './shown.ts';

const field = (slug: string, members: Partial<Field> = {}): Field => ({
  ...{ id: `id of ${slug}`, slug, name: slug, description: '', field_type: 'string', required: false, unique: false },
  ...{ default: null, omit_null: false, validation_rules: [], ...members },
});
const faultsIn = (work: () => unknown): string[] => {
  try {
    work();
  } catch (error) {
    const { faults = [] } = (error as { details: { faults?: { detail: string }[] } }).details;
    return faults.map(({ detail }) => detail);
  }
  return [];
};

describe('the values in a body', () => {
  const fields = [
    field('size', { required: true }),
    field('color', { default: 'red' }),
    field('grade', { field_type: 'integer', validation_rules: [{ type: 'between', options: { from: 1, to: 5 } }] }),
    field('goes_with', { field_type: 'relationship', validation_rules: [{ type: 'one-to-one', to: 'product' }] }),
  ];

  test('of a new entity take the defaults; members without a field and relationships are ignored', () => {
    const values = checkValues(fields, { size: 'S', grade: 2, goes_with: { id: 'x' }, other: 1 }, true);
    assert.deepEqual(Object.fromEntries(values), { 'id of size': 'S', 'id of color': 'red', 'id of grade': 2 });
  });

  test('of a change keep what they do not name', () => {
    assert.deepEqual(Object.fromEntries(checkValues(fields, { grade: null }, false)), { 'id of grade': null });
  });

  test('are refused together', () => {
    assert.deepEqual(
      faultsIn(() => checkValues(fields, { grade: 9, color: 5 }, true)),
      [
        'The data.size field is required.',
        'The data.color field must be a text.',
        'The data.grade field must be between 1 and 5.',
      ],
    );
    assert.deepEqual(
      faultsIn(() => checkValues(fields, { size: null }, false)),
      ['The data.size field is required.'],
    );
  });

  test('are not read from what every object has', () => {
    const inherited = [field('constructor'), field('toString', { required: true })];
    assert.deepEqual(
      faultsIn(() => checkValues(inherited, {}, true)),
      ['The data.toString field is required.'],
    );
  });

  test('replace those that were there, and null leaves no trace', () => {
    const given = new Map<string, unknown>([
      ['a', null],
      ['b', 0],
    ]);
    assert.deepEqual(written({ a: 1, b: 2, c: 3 }, given), { b: 0, c: 3 });
  });

  test('of unique fields are asked about, and no others', async () => {
    const asked: unknown[] = [];
    const unique = [field('code', { unique: true }), field('number', { unique: true }), field('name')];
    const given = new Map<string, unknown>([
      ['id of code', 'x'],
      ['id of number', null],
      ['id of name', 'x'],
    ]);
    const isTaken = (taken: boolean) => async (one: Field, value: unknown) => {
      asked.push([one.slug, value]);
      return taken;
    };
    await requireUnique(unique, given, isTaken(false));
    await assert.rejects(requireUnique(unique, given, isTaken(true)), /The data.code field is already taken./);
    assert.deepEqual(asked, [
      ['code', 'x'],
      ['code', 'x'],
    ]);
  });
});

test('a value fits the type of its field', () => {
  const cases: [Field['field_type'], unknown[], unknown[]][] = [
    ['string', ['', 'x'.repeat(65_536)], ['x'.repeat(65_537), '\ud800', 'a\0', 5, {}]],
    ['integer', [0, -(2 ** 53 - 1)], [1.5, 2 ** 53, '1', true]],
    ['float', [1.5, -0], [Number.NaN, Number.POSITIVE_INFINITY, '1']],
    ['boolean', [true, false], [0, 'true']],
    ['date', ['2018-05-10', '2018-05-10 14:11:32', '2020-02-29T00:00:00Z'], ['2018-02-29', '10.5.2018', 20180510, '']],
    ['relationship', [], ['x', { id: 'x' }]],
  ];
  for (const [field_type, right, wrong] of cases) {
    const complaint = (value: unknown) => complaintOf({ field_type, validation_rules: [] }, value);
    for (const value of right) assert.equal(complaint(value), undefined, `${field_type} ${String(value)}`);
    for (const value of wrong) assert.match(complaint(value) ?? '', /^(must|is)/, `${field_type} ${String(value)}`);
  }
});

describe('an entity with fields', () => {
  const links = { field_type: 'relationship', validation_rules: [{ type: 'one-to-many', to: 'product' }] } as const;
  const fields = [
    field('grade'),
    field('hidden', { omit_null: true }),
    field('goes_with', { ...links, validation_rules: [...links.validation_rules] }),
  ];

  test('has them before its own members, and cannot be hidden by them', () => {
    const view = withFields(
      [...fields, field('id')],
      { 'id of grade': 3, 'id of id': 'theirs', gone: 1 },
      { id: 'own' },
    );
    assert.deepEqual(view, { grade: 3, id: 'own', relationships: { goes_with: { data: [] } } });
    assert.deepEqual(Object.keys(view), ['grade', 'id', 'relationships']);
  });

  test('is shown as it is without fields', () => {
    assert.deepEqual(withFields([], { x: 1 }, { id: 'own' }), { id: 'own' });
  });

  test('describes them after its own members', () => {
    const own = { data: [], meta: { entity: 'things', version: 'v2' } };
    const size = field('size', { validation_rules: [{ type: 'enum', options: ['S'] }] });
    assert.deepEqual(attributesWithFields(own, [size]).data, [
      { label: 'size', value: 'size', type: 'string', required: false, description: '', options: ['S'] },
    ]);
  });
});

describe('links of a field', () => {
  const link = (id: string) => ({ type: 'product', id });

  test('are read from one link, a list, numbered members, and no body', () => {
    for (const [data, ids] of [
      [link('a'), ['a']],
      [
        [link('b'), link('a'), link('b')],
        ['b', 'a'],
      ],
      [{ 0: link('a'), 1: link('b') }, ['a', 'b']],
      [{}, []],
      [null, []],
    ] as const) {
      assert.deepEqual(linkedIds({ data }), ids);
    }
    assert.deepEqual(linkedIds(undefined), []);
    for (const data of [[{}], [{ id: '' }], ['x'], { x: 1 }]) assert.throws(() => linkedIds({ data }));
  });

  test('are added, replaced and removed', () => {
    const stored = [link('a'), link('b')];
    const after = (...[verb, given]: ['POST' | 'PUT' | 'DELETE', string[]]) =>
      linksAfter(verb, stored, given.map(link), true).map(({ id }) => id);
    assert.deepEqual(after('POST', ['c', 'a']), ['b', 'c', 'a']);
    assert.deepEqual(after('PUT', ['c']), ['c']);
    assert.deepEqual(after('DELETE', ['a', 'x']), ['b']);
    assert.deepEqual(after('DELETE', []), []);
    assert.deepEqual(linksAfter('POST', link('a'), [link('b')], false), [link('b')], 'one replaces one');
    assert.throws(() => linksAfter('PUT', null, [link('a'), link('b')], false), { code: 'bad_request' });
    const many = Array.from({ length: 1_000 }, (_, index) => link(String(index)));
    assert.throws(() => linksAfter('POST', many, [link('one more')], true), { code: 'bad_request' });
  });
});
