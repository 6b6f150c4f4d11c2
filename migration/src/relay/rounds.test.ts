import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rounds } from './rounds.ts';

function heldRounds() {
  const gates: PromiseWithResolvers<void>[] = [];
  const rounds = new Rounds(() => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  return { rounds, gates };
}

/** Lets everything that is already settled go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a call in the middle of a round waits for the round after it', async () => {
  const { rounds, gates } = heldRounds();
  const first = rounds.next();
  await settled();
  let done = false;
  const second = rounds.next().then(() => {
    done = true;
  });
  gates[0]?.resolve();
  await first;
  await settled();
  assert.equal(done, false);
  gates[1]?.resolve();
  await second;
});

test('all calls during a round share the next one', async () => {
  const { rounds, gates } = heldRounds();
  const first = rounds.next();
  await settled();
  const waiting = [rounds.next(), rounds.next(), rounds.next()];
  gates[0]?.resolve();
  await first;
  await settled();
  gates[1]?.resolve();
  await Promise.all(waiting);
  assert.equal(gates.length, 2);
});

test('a failed round fails those who waited for it, and the next one runs', async () => {
  const { rounds, gates } = heldRounds();
  const first = rounds.next();
  await settled();
  const second = rounds.next();
  gates[0]?.reject(new Error('lost'));
  await assert.rejects(first, /lost/);
  await settled();
  gates[1]?.resolve();
  await second;
});
