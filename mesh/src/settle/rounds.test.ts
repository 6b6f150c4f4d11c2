import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Rounds } from './rounds.ts';

/** Rounds that the test ends one by one. */
function held(atOnce: number) {
  const open: PromiseWithResolvers<number>[] = [];
  const rounds = new Rounds(() => {
    const round = Promise.withResolvers<number>();
    open.push(round);
    return round.promise;
  }, atOnce);
  return { open, rounds };
}

describe('a round', () => {
  test('is never joined once it has begun: those who come meanwhile share the next', async () => {
    const { open, rounds } = held(1);
    const first = rounds.join();
    const later = [rounds.join(), rounds.join(), rounds.join()];
    assert.equal(open.length, 1);
    open[0]?.resolve(1);
    assert.equal(await first, 1);
    assert.equal(open.length, 2);
    const last = rounds.join();
    open[1]?.resolve(2);
    assert.deepEqual(await Promise.all(later), [2, 2, 2]);
    open[2]?.resolve(3);
    assert.equal(await last, 3);
    assert.equal(open.length, 3);
  });

  test('begins at once while fewer go on than may', async () => {
    const { open, rounds } = held(2);
    const joined = [rounds.join(), rounds.join(), rounds.join(), rounds.join()];
    assert.equal(open.length, 2);
    open[1]?.resolve(2);
    assert.equal(await joined[1], 2);
    open[2]?.resolve(3);
    open[0]?.resolve(1);
    assert.deepEqual(await Promise.all(joined), [1, 2, 3, 3]);
  });

  test('that fails, fails only for those who joined it', async () => {
    const { open, rounds } = held(1);
    const first = rounds.join();
    const second = rounds.join();
    open[0]?.reject(new Error('gone'));
    await assert.rejects(first, /gone/);
    open[1]?.resolve(2);
    assert.equal(await second, 2);
  });
});
