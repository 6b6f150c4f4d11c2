import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '../testing/clock.ts';
import { noReply, Questions } from './questions.ts';

test('a question ends with its reply, at its time limit, or when the one asked leaves', async () => {
  const clock = testClock();
  const questions = new Questions(clock);
  const [one, two] = [{}, {}];
  const ids: number[] = [];
  const ask = (whom: object) => questions.ask(whom, 2000, (id) => ids.push(id));
  const all = [ask(one), ask(one), ask(two), ask(two)];
  questions.replied(ids[0] ?? 0, 'here');
  questions.left(one);
  questions.replied(ids[2] ?? 0, null);
  clock.advance(1999);
  assert.equal(questions.open, 1);
  clock.advance(1);
  questions.replied(ids[3] ?? 0, 'too late');
  assert.deepEqual(await Promise.all(all), ['here', noReply, null, noReply]);
});

test('ten thousand questions leave nothing behind once they have a reply', async () => {
  const questions = new Questions(testClock());
  const whom = {};
  for (let n = 0; n < 10_000; n += 1) {
    await questions.ask(whom, 2000, (id) => questions.replied(id, n));
  }
  assert.equal(questions.open, 0);
});
