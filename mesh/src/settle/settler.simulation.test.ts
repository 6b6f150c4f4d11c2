import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seeded } from '../policy/testing.ts';
import { testClock } from '../testing/clock.ts';
import { Settler } from './settler.ts';

const processes = 3;
const stepsMs = 1500;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Writers at several processes of a mesh, one side that takes the writes, and one that follows. The follower and the
 * service that settles stall, fail and recover at random. `forgetful`: a process does not tell the others.
 *
 * @returns how often a process trusted the follower although a write that its client has a reply for was not there
 */
async function run(seed: number, forgetful = false) {
  const random = seeded(seed);
  const clock = testClock();
  const later = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const world = { committed: 0, applied: 0, acknowledged: 0, follows: true, replies: true };
  const outcomes = new Map<string, number>();
  let writing = 0;

  const round = async () => {
    const position = world.committed;
    await later(1 + random() * 10);
    if (!world.replies) return 'down';
    for (let waitedMs = 0; world.applied < position; waitedMs += 5) {
      if (waitedMs > 400) return 'behind';
      await later(5);
    }
    return null;
  };
  const settlers: Settler[] = Array.from({ length: processes }, (_, own) => {
    const tellOthers = async () => {
      if (forgetful) return;
      const others = settlers.filter((_settler, index) => index !== own);
      await Promise.all(
        others.map(async (other) => {
          await later(random() * 5);
          other.mark();
          await later(random() * 5);
        }),
      );
    };
    return new Settler({ clock, random, round, tellOthers, onTurn: () => {} });
  });
  for (const settler of settlers) settler.probe();

  const write = async (settler: Settler) => {
    writing += 1;
    await later(random() * 5);
    world.committed += 1;
    const mine = world.committed;
    await later(random() * 5);
    const outcome = await settler.after(250, true);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    world.acknowledged = Math.max(world.acknowledged, mine);
    writing -= 1;
  };

  let stale = 0;
  for (let atMs = 0; atMs < stepsMs; atMs += 1) {
    if (random() < 0.01) world.follows = !world.follows;
    if (random() < 0.01) world.replies = !world.replies;
    if (world.follows && random() < 0.3) world.applied = world.committed;
    if (random() < 0.2 && writing < 20) void write(settlers[Math.floor(random() * processes)] as Settler);
    clock.advance(1);
    await turn();
    for (const { settled } of settlers) if (settled && world.applied < world.acknowledged) stale += 1;
  }
  world.follows = true;
  world.replies = true;
  world.applied = world.committed;
  for (let atMs = 0; atMs < 20_000 && !(writing === 0 && settlers.every(({ settled }) => settled)); atMs += 5) {
    world.applied = world.committed;
    clock.advance(5);
    await turn();
  }
  const recovered = settlers.every(({ settled }) => settled);
  for (const settler of settlers) settler.stop();
  return { stale, outcomes, recovered };
}

describe('settlers of several processes, under failures at random', () => {
  test('trust the follower only when it has every write that a client has a reply for, and always recover', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 30; seed += 1) {
      const { stale, outcomes, recovered } = await run(seed);
      assert.equal(stale, 0, `seed ${seed}`);
      assert.ok(recovered, `seed ${seed} has recovered`);
      for (const [outcome, count] of outcomes) seen.set(outcome, (seen.get(outcome) ?? 0) + count);
    }
    for (const outcome of ['settled', 'late', 'failed', 'not_held']) assert.ok((seen.get(outcome) ?? 0) > 0, outcome);
  });

  test('would trust it too early without telling each other', async () => {
    let stale = 0;
    for (let seed = 1; seed <= 10; seed += 1) stale += (await run(seed, true)).stale;
    assert.ok(stale > 0);
  });
});
