import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byHostname, effectiveHostnames, hostMatches } from './hostnames.ts';

describe('host names', () => {
  test('a wildcard takes any number of labels, but at least one', () => {
    assert.ok(hostMatches('*.shop.example', 'www.shop.example'));
    assert.ok(hostMatches('*.shop.example', 'a.b.shop.example'));
    assert.ok(!hostMatches('*.shop.example', 'shop.example'));
    assert.ok(!hostMatches('*.shop.example', 'evilshop.example'));
    assert.ok(hostMatches('shop.example', 'shop.example'));
    assert.ok(!hostMatches('shop.example', 'www.shop.example'));
  });

  test('the more specific one sorts first', () => {
    const names = [null, '*.example', 'a.example', '*.shop.example', 'www.shop.example', '*.cart.example'];
    const sorted = ['www.shop.example', 'a.example', '*.cart.example', '*.shop.example', '*.example', null];
    assert.deepEqual(names.sort(byHostname), sorted);
    assert.deepEqual(names.reverse().sort(byHostname), sorted);
  });

  const cases: [string | undefined, string[], (string | null)[]][] = [
    [undefined, [], [null]],
    ['*.shop.example', [], ['*.shop.example']],
    [undefined, ['a.example', '*.b.example'], ['a.example', '*.b.example']],
    ['*.shop.example', ['www.shop.example', 'other.example'], ['www.shop.example']],
    ['www.shop.example', ['*.shop.example'], ['www.shop.example']],
    ['*.shop.example', ['*.eu.shop.example', '*.example'], ['*.eu.shop.example', '*.shop.example']],
    ['*.shop.example', ['shop.example'], []],
    ['a.example', ['b.example'], []],
  ];
  for (const [listener, route, both] of cases) {
    test(`${listener ?? 'any'} and ${route.join(', ') || 'any'} have in common ${both.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(effectiveHostnames(listener, route), both);
    });
  }
});
