import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Described, differences } from './differences.ts';

const record = (id: string, version: number, fields: Record<string, string> = { name: 'x' }): Described => ({
  id,
  version: String(version),
  fields,
});

test('equal records are not a difference, in any order', () => {
  assert.deepEqual(differences([record('a', 1), record('b', 2)], [record('b', 2), record('a', 1)], '5'), []);
});

test('a record that is newer at the source lags', () => {
  const source = [record('a', 7, { name: 'new', kind: 'k' })];
  const target = [record('a', 3, { name: 'old', kind: 'k' })];
  assert.deepEqual(differences(source, target, '5'), [{ id: 'a', kind: 'lagging', fields: ['name'] }]);
});

test('a record that differs but is not newer at the source has diverged', () => {
  const difference = differences([record('a', 3, { name: 'one' })], [record('a', 3, { name: 'two', more: 'm' })], '5');
  assert.deepEqual(difference, [{ id: 'a', kind: 'diverged', fields: ['more', 'name'] }]);
});

test('a record that the last backfill should have copied is missing; a newer one lags', () => {
  assert.deepEqual(differences([record('a', 4), record('b', 5)], [], '5'), [
    { id: 'a', kind: 'missing', fields: [] },
    { id: 'b', kind: 'lagging', fields: [] },
  ]);
  assert.equal(differences([record('a', 4)], [], null)[0]?.kind, 'lagging', 'no backfill has finished');
});

test('a record that the source does not have is extra', () => {
  assert.deepEqual(differences([], [record('a', 1)], '5'), [{ id: 'a', kind: 'extra', fields: [] }]);
});

test('versions are compared as integers, beyond the precision of a float', () => {
  const [older, newer] = ['9007199254740992', '9007199254740993'];
  const source: Described = { id: 'a', version: newer, fields: { n: '2' } };
  assert.equal(differences([source], [{ id: 'a', version: older, fields: { n: '1' } }], newer)[0]?.kind, 'lagging');
});
