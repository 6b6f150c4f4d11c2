import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Headers } from '../headers.ts';
import { trustedPeers } from '../server/trusted-peers.ts';
import { clientBehind, plainAddress, schemeIn } from './client.ts';

const peer = '10.0.0.1';
const trusts = trustedPeers(['10.0.0.0/8', 'fd00::/8']);
const addressBy = (...chains: string[]) =>
  clientBehind(
    peer,
    chains.flatMap((chain): Headers => ['x-forwarded-for', chain]),
    trusts,
  ).address;

describe('the client behind a trusted peer', () => {
  test('is the right-most address that is no trusted peer', () => {
    assert.equal(addressBy('192.0.2.1'), '192.0.2.1');
    assert.equal(addressBy('192.0.2.9, 192.0.2.1, 10.0.0.2,10.0.0.3'), '192.0.2.1');
    assert.equal(addressBy('192.0.2.9', '192.0.2.1'), '192.0.2.1', 'several fields are one list');
    assert.equal(addressBy('192.0.2.1, , '), '192.0.2.1');
  });

  test('has its address without a port, brackets, a zone or the form of IPv6', () => {
    for (const [element, address] of [
      ['203.0.113.5:4242', '203.0.113.5'],
      ['[2001:DB8::5]:4242', '2001:db8::5'],
      ['[2001:db8:0::5]', '2001:db8::5'],
      ['2001:db8::5%eth0', '2001:db8::5'],
      ['::ffff:203.0.113.5', '203.0.113.5'],
      ['[::FFFF:cb00:7105]:1', '203.0.113.5'],
    ] as const) {
      assert.equal(addressBy(`made-up, ${element}`), address, element);
      assert.equal(addressBy(`192.0.2.9, ${element}, 10.0.0.2:80`), address, element);
    }
  });

  test('is searched no further than an element that is no address', () => {
    assert.equal(addressBy('192.0.2.9, unknown'), peer);
    assert.equal(addressBy('192.0.2.9, unknown, 10.0.0.2'), '10.0.0.2');
    for (const element of ['_hidden', '203.0.113.256', '203.0.113.5:x', '[203.0.113.5', 'a:b', ':80']) {
      assert.equal(addressBy(`192.0.2.9, ${element}`), peer, element);
    }
  });

  test('is the left-most if all are trusted, and the peer without fields', () => {
    assert.equal(addressBy('10.0.0.9, fd00::1, ::ffff:10.0.0.2'), '10.0.0.9');
    assert.equal(addressBy(), peer);
    assert.equal(addressBy(''), peer);
  });

  test('never depends on the addresses left of the client', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 40 }),
        fc.ipV4().filter((ip) => !trusts(ip)),
        (claim, client) => {
          assert.equal(addressBy(`${claim}, ${client}, 10.0.0.2`), client);
        },
      ),
    );
  });
});

test('the scheme is https if X-Forwarded-Proto says so first, in any case; otherwise http', () => {
  for (const value of ['https', 'HTTPS', 'https, http', ' Https ,http', 'wss']) {
    assert.equal(schemeIn(['x-forwarded-proto', value]), 'https', value);
  }
  for (const value of ['http', 'http, https', 'httpsx', 'ws', '', ',https']) {
    assert.equal(schemeIn(['x-forwarded-proto', value]), 'http', value);
  }
  assert.equal(schemeIn(['x-forwarded-proto', 'https', 'x-forwarded-proto', 'http']), 'https');
  assert.equal(schemeIn([]), 'http');
});

test('a plain address is the same for every spelling of an address', () => {
  for (const spelling of ['::ffff:192.0.2.1', '::FFFF:192.0.2.1', '0:0:0:0:0:ffff:c000:201', '192.0.2.1']) {
    assert.equal(plainAddress(spelling), '192.0.2.1', spelling);
  }
  assert.equal(plainAddress('2001:0DB8:0:0::1'), '2001:db8::1');
  fc.assert(
    fc.property(fc.ipV6(), (address) => assert.equal(plainAddress(plainAddress(address)), plainAddress(address))),
  );
});
