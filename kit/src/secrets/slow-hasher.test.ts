import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { until } from '../testing/until.ts';
import { SlowHasher, scryptOffLoop } from './slow-hasher.ts';

const parameters = { ln: 4, r: 8, p: 1 };
const salt = Buffer.from('salt');

test('the slow hash is scrypt', async () => {
  assert.deepEqual(await scryptOffLoop('s', salt, 32, parameters), scryptSync('s', salt, 32, { N: 16, r: 8, p: 1 }));
});

test('large parameters may use the memory they need', async () => {
  const large = { ln: 15, r: 8, p: 3 };
  const expected = scryptSync('s', salt, 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 1e9 });
  assert.deepEqual(await scryptOffLoop('s', salt, 32, large), expected);
});

describe('the queue', () => {
  function manual(concurrency: number, queue: number, memoryBytes = Number.POSITIVE_INFINITY) {
    const finish: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const hasher = new SlowHasher(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => finish.push(resolve));
        running -= 1;
        return Buffer.alloc(32);
      },
      { concurrency, memoryBytes },
      queue,
    );
    return { hash: (of = parameters) => hasher.hash('s', salt, 32, of), hasher, finish, most: () => most };
  }

  test('runs and queues up to its limits, and refuses the rest with a time to retry', async () => {
    const { hash, hasher, finish, most } = manual(2, 3);
    const accepted = [hash(), hash(), hash(), hash(), hash()];
    assert.equal(hasher.waiting, 3);
    await assert.rejects(
      hash(),
      (error: unknown) => error instanceof ServiceError && error.code === 'busy' && error.details.retryAfterS === 1,
    );
    for (let done = 0; done < 5; done++) {
      await until('something to finish', () => finish.length > done);
      finish[done]?.();
    }
    await Promise.all(accepted);
    assert.equal(most(), 2);
    assert.equal(hasher.waiting, 0);
  });

  test('runs only what fits into the memory, in order of arrival, and always at least one', async () => {
    const [small, large] = [
      { ln: 10, r: 8, p: 1 },
      { ln: 14, r: 8, p: 1 },
    ];
    // The memory fits three small hashes. A large one alone needs more.
    const { hash, hasher, finish, most } = manual(10, 10, 3.5 * 1024 * 1024);
    const accepted = [hash(small), hash(small), hash(small), hash(large), hash(small)];
    await until('three to run', () => finish.length === 3);
    assert.equal(hasher.waiting, 2);
    for (const index of [0, 1]) finish[index]?.();
    await Promise.all(accepted.slice(0, 2));
    assert.equal(hasher.waiting, 2, 'the small one does not overtake the large one');
    finish[2]?.();
    await until('the large one to run', () => finish.length === 4);
    assert.equal(hasher.waiting, 1);
    finish[3]?.();
    await until('the last one to run', () => finish.length === 5);
    finish[4]?.();
    await Promise.all(accepted);
    assert.equal(most(), 3);
  });

  test('continues after a failure', async () => {
    let calls = 0;
    const hasher = new SlowHasher(
      async () => {
        calls += 1;
        if (calls === 1) throw new Error('out of memory');
        return Buffer.alloc(32);
      },
      { concurrency: 1, memoryBytes: 0 },
      1,
    );
    const [first, second] = [hasher.hash('a', salt, 32, parameters), hasher.hash('b', salt, 32, parameters)];
    await assert.rejects(first, /out of memory/);
    assert.equal((await second).length, 32);
    assert.equal((await hasher.hash('c', salt, 32, parameters)).length, 32);
  });
});
