import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { authorityOf } from './authority.ts';
import { readTarget } from './target.ts';

const pathOf = (target: string) => readTarget(target).path;

describe('a path', () => {
  test('has no escapes of unreserved characters, and upper-case digits in all other escapes', () => {
    for (const [target, path] of [
      ['/%61dmin', '/admin'],
      ['/%41%5a%30%39%2D%2e%5F%7e', '/AZ09-._~'],
      ['/a%2fb%c3%a9', '/a%2Fb%C3%A9'],
      ['/a%2e%2E/%2e%2e/b', '/b'],
      ['/a%252e%2561', '/a%252e%2561'],
      ['/%', '/%'],
      ['/%zz%4', '/%zz%4'],
      ['/%g%41', '/%gA'],
      ['http://shop/%61?%61', '/a?%61'],
      ['/a?%61/../%2f', '/a?%61/../%2f'],
    ] as const) {
      assert.equal(pathOf(target), path, target);
    }
  });

  test('is refused where decoding makes a new escape', () => {
    for (const target of ['/%2%65', '/%%32e', '/%%32%65', '/x/%4%31dmin', '/%a%61']) {
      assert.throws(() => readTarget(target), { code: 'bad_request' }, target);
    }
  });

  test('in normal form stays as it is, and decodes to the same characters', () => {
    const piece = fc.constantFrom(
      '/',
      'a',
      '.',
      '%',
      '2',
      'e',
      'F',
      '%61',
      '%2e',
      '%2f',
      '%25',
      '%c3',
      '%7E',
      ';',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        let path: string;
        try {
          path = pathOf(target);
        } catch {
          return;
        }
        assert.equal(pathOf(path), path);
        if (target.includes('/.') || /%2e/i.test(target) || /%(?![0-9a-f]{2})/i.test(target)) return;
        assert.equal(unescape(path), unescape(target));
      }),
    );
  });
});

describe('the name of a host', () => {
  const nameOf = (host: string) => authorityOf(null, host, true);

  test('is the same with and without a trailing dot', () => {
    assert.equal(nameOf('Shop.Example.'), 'shop.example');
    assert.equal(nameOf('shop.example.:8080'), 'shop.example:8080');
    assert.equal(authorityOf('shop.example.:80', 'other', true), 'shop.example:80');
    for (const other of ['shop.example..', '.', '[::1]:80', '127.0.0.1']) assert.equal(nameOf(other), other);
  });

  test('may have the characters of a reg-name, except escapes', () => {
    for (const host of ['0.0.0.0=5000', "a!$&'()*+,;=b", 'a_b~c']) assert.equal(nameOf(host), host);
    for (const host of ['a%41', 'a@b', 'a/b', 'a b', 'a:b', 'a"b', 'a<b']) {
      assert.throws(() => nameOf(host), { code: 'bad_request' }, host);
    }
  });
});
