import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedNetworks, mayReach } from './networks.ts';

const none = allowedNetworks([]);

describe('networks that requests may reach', () => {
  test('no address of this machine, the platform or a link-local network', () => {
    for (const address of [
      ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.0.9'],
      ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.0.0.8', '198.18.0.1'],
      ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1'],
      ...[
        '::ffff:8.8.8.8',
        '::ffff:7f00:1',
        '::ffff:0:7f00:1',
        '64:ff9b::7f00:1',
        '2002:7f00:1::',
        'fe80::1',
        'febf::1',
        'fe80::1%eth0',
      ],
      ...['fc00::1', 'fdff::1', 'fec0::1', 'ff02::1', '2001::1'],
    ]) {
      assert.equal(mayReach(address, none), false, address);
    }
  });

  test('addresses of the Internet', () => {
    for (const address of [
      ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.1', '100.63.0.1', '100.128.0.1', '126.255.255.255'],
      ...['169.253.0.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '192.169.0.1', '223.255.255.255'],
      ...['2606:4700:4700::1111', '2a00:1450::1', '2003::1'],
    ]) {
      assert.equal(mayReach(address, none), true, address);
    }
  });

  test('nothing that is not an address', () => {
    for (const text of ['', 'localhost', '127.1', '0x7f.1', '1.1.1', '1.1.1.1/32', '[::1]', '::g']) {
      assert.equal(mayReach(text, none), false, text);
    }
  });

  test('the addresses that are allowed, and no others', () => {
    const allowed = allowedNetworks(['127.0.0.1', '10.1.0.0/16', 'fd00::/8']);
    for (const address of ['127.0.0.1', '10.1.2.3', 'fd00::1']) assert.equal(mayReach(address, allowed), true, address);
    for (const address of ['127.0.0.2', '10.2.0.1', 'fc00::1', '::ffff:127.0.0.1', '::ffff:10.1.2.3']) {
      assert.equal(mayReach(address, allowed), false, address);
    }
    for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0/8', '::1/129', '1.1.1.1/8/8', '']) {
      assert.throws(() => allowedNetworks([wrong]), RangeError, wrong);
    }
  });
});
