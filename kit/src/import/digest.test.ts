import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, rangeDigest } from './digest.ts';

test('the digest does not depend on the order of members', () => {
  assert.equal(digestOf('k', { a: 1, b: { c: [1, 2], d: null } }), digestOf('k', { b: { d: null, c: [1, 2] }, a: 1 }));
});

test('a changed key, value, order of a list or an absent member changes the digest', () => {
  const digest = digestOf('k', { a: 1, list: [1, 2], none: null });
  const others = [
    digestOf('l', { a: 1, list: [1, 2], none: null }),
    digestOf('k', { a: '1', list: [1, 2], none: null }),
    digestOf('k', { a: 1, list: [2, 1], none: null }),
    digestOf('k', { a: 1, list: [1, 2] }),
    digestOf('k', { a: 1, list: [1, 2], none: '' }),
  ];
  assert.equal(new Set([digest, ...others]).size, others.length + 1);
});

test('text is compared as it is: accents, trailing blanks and case count', () => {
  const texts = ['e', 'é', 'e\u0301', 'e ', 'E', '😀'];
  assert.equal(new Set(texts.map((name) => digestOf('k', { name }))).size, texts.length);
});

test('the digest of a range depends on each member and on their order', () => {
  assert.notEqual(rangeDigest(['a', 'b']), rangeDigest(['b', 'a']));
  assert.notEqual(rangeDigest(['a', 'b']), rangeDigest(['a']));
  assert.notEqual(rangeDigest(['ab']), rangeDigest(['a', 'b']));
});
