// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the Compose file's own syntax is under test
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { interpolate, interpolateTree } from './interpolate.ts';

const variables = { SET: 'value', EMPTY: '' };

describe('variables of the Compose file', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'],
    ['$SET and ${SET}', 'value and value'],
    ['${MISSING}', ''],
    ['${MISSING:-default}', 'default'],
    ['${MISSING-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${EMPTY-default}', ''],
    ['${SET:+other}', 'other'],
    ['${MISSING:+other}', ''],
    ['http://${SET:-a}:${MISSING:-80}/x', 'http://value:80/x'],
    ['$$SET', '$SET'],
    ['${MISSING:-http://localhost:8080}', 'http://localhost:8080'],
  ];
  for (const [text, expected] of cases) {
    test(`${text} is "${expected}"`, () => assert.equal(interpolate(text, variables), expected));
  }

  test('a required one that is missing is refused with its message', () => {
    assert.throws(() => interpolate('${MISSING:?set it in .env}', variables), /MISSING is not set: set it in \.env/);
  });

  test('a dollar sign without a variable is refused', () => {
    assert.throws(() => interpolate('cost: $5', variables), { code: 'bad_topology' });
  });

  test('values of a tree are replaced, keys and other types stay', () => {
    assert.deepEqual(interpolateTree({ $SET: ['$SET', 3, null], deep: { a: '${SET}' } }, variables), {
      $SET: ['value', 3, null],
      deep: { a: 'value' },
    });
  });
});
