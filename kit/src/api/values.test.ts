import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import Type from '../../vendor/typebox.js';
import { ServiceError } from '../service/errors.ts';
import { attributesReply } from './attributes.ts';
import { dataOf, linkIds, listOf, objectOf } from './body.ts';
import { requireSameId, taken } from './faults.ts';
import { isUuid } from './ids.ts';
import { likeKey, textKey } from './text-key.ts';
import { microsOf, timestamps } from './timestamps.ts';
import { checker } from './validate.ts';

const code = (expected: string) => (error: unknown) => error instanceof ServiceError && error.code === expected;

test('the key of a text is its bytes with A to Z lowered, of the first 1,020', () => {
  assert.deepEqual(textKey('Ab É\u{1f600}'), Buffer.from('ab É\u{1f600}'));
  assert.equal(textKey('é'.repeat(1_000)).length, 1_020);
  const sorted = ['\u{1f600}', 'b', 'É', '\uffee', 'A', 'é'].sort((a, b) => Buffer.compare(textKey(a), textKey(b)));
  assert.deepEqual(sorted, ['A', 'b', 'É', 'é', '\uffee', '\u{1f600}']);
  const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 50 });
  fc.assert(fc.property(ascii, (text) => assert.deepEqual(textKey(text), Buffer.from(text.toLowerCase()))));
});

test('only the star is special in the pattern of a key', () => {
  assert.equal(likeKey('50%_A!*').toString(), '50!%!_a!!%');
});

test('a moment is kept in microseconds and shown in milliseconds', () => {
  const micros = microsOf(Date.parse('2018-05-10T14:11:32.123Z')) + 999;
  const shown = { created_at: '2018-05-10T14:11:32.123Z', updated_at: '2018-05-10T14:11:32.124Z' };
  assert.deepEqual(timestamps(micros, micros + 1), { timestamps: shown });
});

test('data may be wrapped twice, and must be of its form', () => {
  assert.deepEqual(objectOf({ data: { data: { name: 'x' } } }), { name: 'x' });
  assert.deepEqual(objectOf({ data: { data: 1, name: 'x' } }), { data: 1, name: 'x' });
  assert.equal(dataOf(undefined), undefined);
  for (const body of [5, [], {}, 'x', { name: 1 }]) assert.throws(() => dataOf(body), code('bad_request'));
  for (const body of [undefined, null, { data: [] }, { data: null }])
    assert.throws(() => objectOf(body), code('bad_request'));
  assert.deepEqual(listOf(undefined), []);
  assert.deepEqual(listOf({ data: { id: 1 } }), [{ id: 1 }]);
  assert.throws(() => listOf({ data: ['x'] }), code('bad_request'));
});

test('links name distinct ids in lower case', () => {
  const id = '0B0B0B0B-0000-4000-8000-00000000000A';
  assert.ok(isUuid(id) && !isUuid(`${id}0`) && !isUuid(5));
  assert.deepEqual(linkIds([{ id }, { id: id.toLowerCase() }]), [id.toLowerCase()]);
  assert.throws(
    () => linkIds([{ id }, { id: 'x' }]),
    (error) => {
      const { faults } = (error as ServiceError).details;
      return code('validation_failed')(error) && faults?.[0]?.source === 'data.1.id';
    },
  );
  assert.throws(() => linkIds(Array(1_001).fill({ id })), code('bad_request'));
});

test('every wrong member is one fault', () => {
  const check = checker(
    Type.Object({ name: Type.String({ minLength: 1 }), price: Type.Array(Type.Object({ amount: Type.Integer() })) }),
  );
  assert.deepEqual(check({ name: 'x', price: [], other: 1 }), { name: 'x', price: [], other: 1 });
  assert.throws(
    () => check({ price: [{ amount: 'x' }, {}] }),
    (error) => {
      const sources = (error as ServiceError).details.faults?.map(({ source }) => source);
      assert.deepEqual(sources?.sort(), ['data.name', 'data.price.0.amount', 'data.price.1.amount']);
      return code('validation_failed')(error);
    },
  );
});

test('an id in the body is that of the path', () => {
  requireSameId('a', undefined);
  requireSameId('a', 'a');
  assert.throws(() => requireSameId('a', 'b'), code('validation_failed'));
  assert.equal(taken('data.slug').details.faults?.[0]?.detail, 'The data.slug field is already taken.');
});

test('the members of a resource are described', () => {
  const schema = Type.Object({ unit_name: Type.String(), status: Type.Optional(Type.Enum(['live', 'draft'])) });
  assert.deepEqual(attributesReply('things', schema), {
    data: [
      { label: 'Unit name', value: 'unit_name', type: 'string', required: true, description: '' },
      ...[
        {
          label: 'Status',
          value: 'status',
          type: 'string',
          required: false,
          description: '',
          options: ['live', 'draft'],
        },
      ],
    ],
    meta: { entity: 'things', version: 'v2' },
  });
});
