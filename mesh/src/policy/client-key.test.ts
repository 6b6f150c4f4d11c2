import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientKey } from './client-key.ts';

const byAddress = (address: string) => clientKey(address, undefined);

test('an IPv4 client is its address, however it is written', () => {
  assert.equal(byAddress('::ffff:192.0.2.1'), byAddress('192.0.2.1'));
  assert.notEqual(byAddress('192.0.2.1'), byAddress('192.0.2.2'));
});

test('an IPv6 client is its /64, however it is written', () => {
  const client = byAddress('2001:db8:0:1::1');
  for (const same of [
    '2001:db8::1:ffff:0:0:9',
    '2001:DB8:0:1:a:b:c:d',
    '2001:0db8:0000:0001::',
    '2001:db8:0:1::1%eth0',
  ]) {
    assert.equal(byAddress(same), client, same);
  }
  for (const other of ['2001:db8:0:2::1', '2001:db8:1::1', '::1', 'fe80::1']) {
    assert.notEqual(byAddress(other), client, other);
  }
  assert.equal(byAddress('64:ff9b::192.0.2.1'), byAddress('64:ff9b::1'));
});

test('a header tells clients apart, in a short key that cannot pass for an address', () => {
  const long = 'x'.repeat(10_000);
  assert.equal(clientKey('192.0.2.1', 'shop'), clientKey('192.0.2.2', 'shop'));
  assert.notEqual(clientKey('192.0.2.1', long), clientKey('192.0.2.1', `${long}y`));
  assert.ok(clientKey('192.0.2.1', long).length < 80);
  assert.notEqual(clientKey('192.0.2.1', '192.0.2.1'), byAddress('192.0.2.1'));
});
