import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

/** The eight groups of an IPv6 address. */
const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });

/** One address in any spelling: zeros left out or not, upper case or not, `::` for any run of zeros, a zone or none. */
function spelled(address: readonly number[], { padded, upper, zone, from }: Spelling): string {
  const texts = address.map((group) => group.toString(16).padStart(padded ? 4 : 1, '0'));
  const start = address.findIndex((group, i) => i >= from && group === 0);
  let text = texts.join(':');
  if (start >= 0) {
    let end = start;
    while (address[end] === 0) end += 1;
    text = `${texts.slice(0, start).join(':')}::${texts.slice(end).join(':')}`;
  }
  return (upper ? text.toUpperCase() : text) + (zone ? '%eth0' : '');
}

interface Spelling {
  padded: boolean;
  upper: boolean;
  zone: boolean;
  from: number;
}

test('any IPv6 address: the same key however it is written and wherever in its /64, another one in another /64', () => {
  const spelling = fc.record({
    padded: fc.boolean(),
    upper: fc.boolean(),
    zone: fc.boolean(),
    from: fc.nat({ max: 8 }),
  });
  const zeros = groups.map((all) => all.map((group) => (group < 0x8000 ? 0 : group)));
  fc.assert(
    fc.property(zeros, groups, spelling, spelling, fc.nat({ max: 3 }), (address, other, one, another, at) => {
      // ::ffff:0:0/96 is IPv4.
      fc.pre(!address.slice(0, 5).every((group) => group === 0));
      const key = byAddress(spelled(address, one));
      assert.equal(byAddress(spelled([...address.slice(0, 4), ...other.slice(4)], another)), key);
      const elsewhere = address.map((group, i) => (i === at ? group ^ 1 : group));
      assert.notEqual(byAddress(spelled(elsewhere, another)), key);
    }),
  );
});

test('any header value: distinct by value, in a key of bounded length that no address has', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 64 }),
      fc.string({ maxLength: 64 }),
      fc.nat({ max: 5000 }),
      fc.ipV4(),
      (a, b, more, ip) => {
        assert.equal(clientKey(ip, a) === clientKey(ip, b), a === b);
        assert.ok(clientKey(ip, a + 'x'.repeat(more)).length < 80);
        for (const value of [a, ip, `a ${ip}`]) assert.notEqual(clientKey(ip, value), byAddress(ip));
      },
    ),
  );
});
