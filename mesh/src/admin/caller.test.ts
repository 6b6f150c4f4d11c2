import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { callerFault } from './caller.ts';

function statusOf(headers: Record<string, string>, method = 'GET', localAddress = '127.0.0.1'): number {
  const request = { method, headers, socket: { localAddress } } as unknown as IncomingMessage;
  return callerFault(request, new Set(['mesh', 'admin.example']))?.status ?? 200;
}

describe('Host', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:9990',
    'localhost.:9990',
    '127.0.0.1:9990',
    '127.8.9.1',
    '[::1]:9990',
    'mesh:9990',
    'Admin.Example',
  ]) {
    test(`${host} is a name of the admin port`, () => assert.equal(statusOf({ host }), 200));
  }
  for (const host of [
    '',
    'rebound.example',
    'rebound.example:9990',
    '127.0.0.1.rebound.example',
    '127.rebound.example',
    'localhost.rebound.example',
    '10.1.2.3:9990',
    'user@localhost',
    'localhost/x',
    '[::1]x',
    '[::2]:9990',
  ]) {
    test(`"${host}" is refused with 421`, () => assert.equal(statusOf({ host }), 421));
  }
  test('the address that the connection came in on is taken', () => {
    assert.equal(statusOf({ host: '10.1.2.3:9990' }, 'GET', '10.1.2.3'), 200);
    assert.equal(statusOf({ host: '10.1.2.3:9990' }, 'GET', '::ffff:10.1.2.3'), 200);
    assert.equal(statusOf({ host: '[fd00::1]:9990' }, 'GET', 'fd00::1'), 200);
  });
});

describe('Origin', () => {
  const host = '127.0.0.1:9990';
  test('the same origin is taken', () => {
    assert.equal(statusOf({ host, origin: 'http://127.0.0.1:9990' }, 'POST'), 200);
    assert.equal(statusOf({ host: 'mesh', origin: 'http://mesh' }, 'POST'), 200);
    assert.equal(statusOf({ host: 'mesh:443', origin: 'https://mesh' }, 'POST'), 200);
  });
  for (const origin of [
    'http://rebound.example',
    'http://127.0.0.1:8080',
    'http://localhost:9990',
    'null',
    'file://',
    'chrome-extension://127.0.0.1:9990',
    'nonsense',
    '',
  ]) {
    test(`"${origin}" is refused with 403`, () => assert.equal(statusOf({ host, origin }, 'POST'), 403));
  }
  test('a page of another site is refused where the browser sends no Origin', () => {
    assert.equal(statusOf({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }), 403);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'POST'), 403);
  });
  test('a link to the admin port may be followed', () => {
    assert.equal(statusOf({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), 200);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }), 200);
    assert.equal(statusOf({ host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 200);
  });
});
