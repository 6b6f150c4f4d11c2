import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ServiceError } from '@banyan/kit/errors';
import type { Client } from '../domain.ts';
import { ClientCache } from './client-cache.ts';

const client = (clientId: string): Client => ({ clientId, identifiers: ['implicit'], secret: null });
const down = () => new ServiceError('store_unavailable');

describe('the client cache', () => {
  let nowMs = 0;
  let loads: string[] = [];
  let findClient: (clientId: string) => Promise<Client | null> = async (clientId) => client(clientId);
  let cache: ClientCache;

  beforeEach(() => {
    nowMs = 1_000_000;
    loads = [];
    findClient = async (clientId) => client(clientId);
    cache = new ClientCache({
      load: (clientId) => {
        loads.push(clientId);
        return findClient(clientId);
      },
      now: () => nowMs,
      freshMs: 10_000,
      staleMs: 300_000,
      entries: 20,
    });
  });

  test('reads the store once while a client is fresh, and again afterwards', async () => {
    await cache.get('a');
    assert.deepEqual(cache.get('a'), client('a'), 'at hand: no promise');
    nowMs += 9_999;
    await cache.get('a');
    assert.deepEqual(loads, ['a']);
    nowMs += 1;
    await cache.get('a');
    assert.deepEqual(loads, ['a', 'a']);
  });

  test('also caches that a client does not exist', async () => {
    findClient = async () => null;
    assert.equal(await cache.get('x'), null);
    assert.equal(cache.get('x'), null);
    assert.deepEqual(loads, ['x']);
  });

  test('reads the store once for concurrent requests', async () => {
    await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);
    assert.deepEqual(loads, ['a']);
  });

  test('reads the store again when a change to this client or to any client is announced', async () => {
    await cache.get('a');
    await cache.get('b');
    cache.changed('a');
    findClient = async () => null;
    assert.equal(await cache.get('a'), null, 'revoked');
    assert.notEqual(await cache.get('b'), null, 'not announced');
    cache.changed('');
    assert.equal(await cache.get('b'), null);
  });

  test('does not trust a client when a change was announced during the read', async () => {
    let release: (value: Client | null) => void = () => {};
    findClient = () => new Promise((resolve) => (release = resolve));
    const before = cache.get('a');
    cache.changed('a');
    findClient = async () => null;
    assert.equal(await cache.get('a'), null, 'asks anew, instead of joining the older question');
    release(client('a'));
    await before;
    assert.equal(await cache.get('a'), null);
  });

  test('reads the store first, and falls back on such a client while the store is down', async () => {
    let release: (value: Client | null) => void = () => {};
    findClient = () => new Promise((resolve) => (release = resolve));
    const before = cache.get('a');
    cache.changed('a');
    release(client('a'));
    await before;
    findClient = () => Promise.reject(down());
    assert.deepEqual(await cache.get('a'), client('a'));
    assert.deepEqual(loads, ['a', 'a'], 'the store was asked');
    nowMs += 1_000;
    findClient = async () => null;
    assert.equal(await cache.get('a'), null);
  });

  test('uses cached clients while the store is down, for a limited time', async () => {
    await cache.get('a');
    findClient = () => Promise.reject(down());
    nowMs += 10_000;
    assert.deepEqual(await cache.get('a'), client('a'));
    nowMs += 289_999;
    assert.deepEqual(await cache.get('a'), client('a'));
    nowMs += 1;
    await assert.rejects(async () => cache.get('a'), down());
    await assert.rejects(async () => cache.get('never seen'), down());
  });

  test('does not read a store that has just failed if it has a cached client, and reads it again soon', async () => {
    await cache.get('a');
    await cache.get('b');
    findClient = () => Promise.reject(down());
    nowMs += 10_000;
    await cache.get('a');
    loads = [];
    assert.deepEqual(cache.get('b'), client('b'), 'no waiting for time-outs');
    assert.deepEqual(loads, []);
    findClient = async (clientId) => client(clientId);
    nowMs += 1_000;
    await cache.get('b');
    assert.deepEqual(loads, ['b']);
  });

  test('does not treat a wrong statement as a store that is down', async () => {
    await cache.get('a');
    nowMs += 10_000;
    findClient = () => Promise.reject(new Error('syntax error'));
    await assert.rejects(async () => cache.get('a'), /syntax error/);
  });

  test('invented client ids do not evict real clients', async () => {
    await cache.get('a');
    findClient = async () => null;
    for (let count = 0; count < 100; count++) await cache.get(`invented ${count}`);
    assert.deepEqual(cache.get('a'), client('a'));
    assert.equal(cache.size, 1);
  });

  test('replaces a client only if the entry has not changed', async () => {
    const before = await cache.get('a');
    assert.ok(before);
    const after: Client = { ...before, identifiers: [] };
    cache.replace(before, after);
    assert.equal(cache.get('a'), after);
    cache.replace(before, before);
    assert.equal(cache.get('a'), after, 'it has been replaced meanwhile');
  });
});
