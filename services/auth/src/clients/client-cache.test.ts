import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ServiceError } from '@banyan/kit/errors';
import type { Client } from '../domain.ts';
import { ClientCache } from './client-cache.ts';

const client = (clientId: string): Client => ({ clientId, identifiers: ['implicit'], secret: null });
const down = () => new ServiceError('store_unavailable');

describe('the cache of clients', () => {
  let nowMs = 0;
  let loads: string[] = [];
  let answer: (clientId: string) => Promise<Client | null> = async (clientId) => client(clientId);
  let cache: ClientCache;

  beforeEach(() => {
    nowMs = 1_000_000;
    loads = [];
    answer = async (clientId) => client(clientId);
    cache = new ClientCache({
      load: (clientId) => {
        loads.push(clientId);
        return answer(clientId);
      },
      now: () => nowMs,
      freshMs: 10_000,
      staleMs: 300_000,
      entries: 20,
    });
  });

  test('asks the store once while a client is fresh, and again after', async () => {
    await cache.get('a');
    assert.deepEqual(cache.get('a'), client('a'), 'at hand: no promise');
    nowMs += 9_999;
    await cache.get('a');
    assert.deepEqual(loads, ['a']);
    nowMs += 1;
    await cache.get('a');
    assert.deepEqual(loads, ['a', 'a']);
  });

  test('remembers that there is no such client, too', async () => {
    answer = async () => null;
    assert.equal(await cache.get('x'), null);
    assert.equal(cache.get('x'), null);
    assert.deepEqual(loads, ['x']);
  });

  test('asks once for many who ask at the same time', async () => {
    await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);
    assert.deepEqual(loads, ['a']);
  });

  test('asks again at once when a change is announced: of this client, or of any', async () => {
    await cache.get('a');
    await cache.get('b');
    cache.changed('a');
    answer = async () => null;
    assert.equal(await cache.get('a'), null, 'revoked');
    assert.notEqual(await cache.get('b'), null, 'not announced');
    cache.changed('');
    assert.equal(await cache.get('b'), null);
  });

  test('does not trust what was read before a change that was announced meanwhile', async () => {
    let release: (value: Client | null) => void = () => {};
    answer = () => new Promise((resolve) => (release = resolve));
    const before = cache.get('a');
    cache.changed('a');
    answer = async () => null;
    assert.equal(await cache.get('a'), null, 'asks anew, instead of joining the older question');
    release(client('a'));
    await before;
    assert.equal(await cache.get('a'), null);
  });

  test('falls back on it while the store is down, if it has nothing later, and asks first', async () => {
    let release: (value: Client | null) => void = () => {};
    answer = () => new Promise((resolve) => (release = resolve));
    const before = cache.get('a');
    cache.changed('a');
    release(client('a'));
    await before;
    answer = () => Promise.reject(down());
    assert.deepEqual(await cache.get('a'), client('a'));
    assert.deepEqual(loads, ['a', 'a'], 'the store was asked');
    nowMs += 1_000;
    answer = async () => null;
    assert.equal(await cache.get('a'), null);
  });

  test('goes on with what it knows while the store is down, and not for ever', async () => {
    await cache.get('a');
    answer = () => Promise.reject(down());
    nowMs += 10_000;
    assert.deepEqual(await cache.get('a'), client('a'));
    nowMs += 289_999;
    assert.deepEqual(await cache.get('a'), client('a'));
    nowMs += 1;
    await assert.rejects(async () => cache.get('a'), down());
    await assert.rejects(async () => cache.get('never seen'), down());
  });

  test('leaves a store that has just failed alone, if it can, and asks again soon', async () => {
    await cache.get('a');
    await cache.get('b');
    answer = () => Promise.reject(down());
    nowMs += 10_000;
    await cache.get('a');
    loads = [];
    assert.deepEqual(cache.get('b'), client('b'), 'no waiting for time-outs');
    assert.deepEqual(loads, []);
    answer = async (clientId) => client(clientId);
    nowMs += 1_000;
    await cache.get('b');
    assert.deepEqual(loads, ['b']);
  });

  test('does not take a broken statement for a store that is down', async () => {
    await cache.get('a');
    nowMs += 10_000;
    answer = () => Promise.reject(new Error('syntax error'));
    await assert.rejects(async () => cache.get('a'), /syntax error/);
  });

  test('invented client ids do not push out real ones', async () => {
    await cache.get('a');
    answer = async () => null;
    for (let count = 0; count < 100; count++) await cache.get(`invented ${count}`);
    assert.deepEqual(cache.get('a'), client('a'));
    assert.equal(cache.size, 1);
  });

  test('replaces a client only by what was made of the same', async () => {
    const before = await cache.get('a');
    assert.ok(before);
    const after: Client = { ...before, identifiers: [] };
    cache.replace(before, after);
    assert.equal(cache.get('a'), after);
    cache.replace(before, before);
    assert.equal(cache.get('a'), after, 'it has been replaced meanwhile');
  });
});
