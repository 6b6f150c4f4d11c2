import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Duckdb } from '@banyan/kit/duckdb';
import { KnownReads } from './known-reads.ts';

/** Counts its reads. `write` is a transaction. */
function counting() {
  const known = new KnownReads();
  const db = known.forgetting({ transaction: (work: () => Promise<unknown>) => work() } as unknown as Duckdb);
  let reads = 0;
  return { known, read: async () => ++reads, write: (work: () => Promise<void>) => db.transaction(work) };
}

test('an answer is read once, until something is written', async () => {
  const { known, read, write } = counting();
  assert.deepEqual([await known.answer('a', read), await known.answer('a', read)], [1, 1]);
  assert.equal(await known.answer('b', read), 2, 'another question has an answer of its own');
  await write(async () => {});
  assert.equal(await known.answer('a', read), 3);
});

test('a failed write counts as one: its commit may have been lost only on the way back', async () => {
  const { known, read, write } = counting();
  await known.answer('a', read);
  await assert.rejects(write(() => Promise.reject(new Error('connection lost'))));
  assert.equal(await known.answer('a', read), 2);
});

test('what was read while something was written is not kept', async () => {
  const { known, read, write } = counting();
  const slow = known.answer('a', async () => {
    await write(async () => {});
    return read();
  });
  assert.equal(await slow, 1);
  assert.equal(await known.answer('a', read), 2);
});

test('that there is no such job is an answer, too', async () => {
  const { known } = counting();
  let reads = 0;
  const none = async () => {
    reads += 1;
  };
  await known.answer('a', none);
  await known.answer('a', none);
  assert.equal(reads, 1);
});
