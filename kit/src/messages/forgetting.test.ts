import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forgetting, keepMs } from './forgetting.ts';

test('what is older than a week is forgotten every ten minutes, and at once while there is more', async () => {
  let nowMs = 10 ** 12;
  let more = true;
  const calls: number[] = [];
  const store = {
    forget: async (beforeMs: number) => {
      calls.push(beforeMs);
      return more;
    },
  };
  const forgetting = new Forgetting(store, () => nowMs);
  await forgetting.step();
  more = false;
  await Promise.all([forgetting.step(), forgetting.step()]);
  assert.deepEqual(calls, [nowMs - keepMs, nowMs - keepMs]);
  nowMs += 599_999;
  await forgetting.step();
  assert.equal(calls.length, 2);
  nowMs += 1;
  await forgetting.step();
  assert.equal(calls.length, 3);
});
