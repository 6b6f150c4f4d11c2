import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { until } from '@banyan/kit/testing';
import { AuthError } from '../errors.ts';
import { SlowHasher, scryptOffLoop } from './slow-hasher.ts';

const parameters = { ln: 4, r: 8, p: 1 };
const salt = Buffer.from('salt');

test('it is scrypt', async () => {
  assert.deepEqual(await scryptOffLoop('s', salt, 32, parameters), scryptSync('s', salt, 32, { N: 16, r: 8, p: 1 }));
});

test('it may use the memory that large parameters take', async () => {
  const large = { ln: 15, r: 8, p: 3 };
  const expected = scryptSync('s', salt, 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 1e9 });
  assert.deepEqual(await scryptOffLoop('s', salt, 32, large), expected);
});

describe('the queue', () => {
  function manual(concurrency: number, queue: number) {
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
      concurrency,
      queue,
    );
    return { hash: () => hasher.hash('s', salt, 32, parameters), hasher, finish, most: () => most };
  }

  test('lets so many run, so many wait, and refuses the rest with a time to come back', async () => {
    const { hash, hasher, finish, most } = manual(2, 3);
    const accepted = [hash(), hash(), hash(), hash(), hash()];
    assert.equal(hasher.waiting, 3);
    await assert.rejects(
      hash(),
      (error: unknown) => error instanceof AuthError && error.code === 'busy' && error.details.retryAfterS === 1,
    );
    for (let done = 0; done < 5; done++) {
      await until('something to finish', () => finish.length > done);
      finish[done]?.();
    }
    await Promise.all(accepted);
    assert.equal(most(), 2);
    assert.equal(hasher.waiting, 0);
  });

  test('goes on after a failure', async () => {
    let calls = 0;
    const hasher = new SlowHasher(
      async () => {
        calls += 1;
        if (calls === 1) throw new Error('out of memory');
        return Buffer.alloc(32);
      },
      1,
      1,
    );
    const [first, second] = [hasher.hash('a', salt, 32, parameters), hasher.hash('b', salt, 32, parameters)];
    await assert.rejects(first, /out of memory/);
    assert.equal((await second).length, 32);
    assert.equal((await hasher.hash('c', salt, 32, parameters)).length, 32);
  });
});
