import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causesOf, type Part } from './causes.ts';

const parts = (of: Record<string, [string | null, string[]]>) =>
  new Map<string, Part>(Object.entries(of).map(([name, [reason, needs]]) => [name, { reason, needs }]));

describe('the causes of a failed start', () => {
  test('are the failures at the end of the chain, not those that follow from them', () => {
    const chain = parts({
      store: ['refused', []],
      databases: ['needs store', ['store']],
      shop: ['needs databases', ['databases']],
    });
    assert.deepEqual(causesOf('shop', chain), [{ name: 'store', reason: 'refused' }]);
  });

  test('of several, each is named once', () => {
    const fork = parts({
      a: ['no a', []],
      b: ['no b', ['a']],
      c: ['no c', ['a']],
      d: ['no d', []],
      top: ['needs', ['b', 'c', 'd']],
    });
    assert.deepEqual(
      causesOf('top', fork).map(({ name }) => name),
      ['a', 'd'],
    );
  });

  test('there are none when everything is ready, or when a dependency is not selected', () => {
    assert.deepEqual(causesOf('shop', parts({ shop: [null, ['elsewhere']] })), []);
  });
});
