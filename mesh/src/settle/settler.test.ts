import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testClock } from '../testing/clock.ts';
import { Settler } from './settler.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A settler whose rounds the test ends one by one. */
function held() {
  const clock = testClock();
  const open: PromiseWithResolvers<string | null>[] = [];
  const told: PromiseWithResolvers<void>[] = [];
  const turns: (string | null)[] = [];
  const settler = new Settler({
    clock,
    random: () => 1,
    round: () => {
      const round = Promise.withResolvers<string | null>();
      open.push(round);
      return round.promise;
    },
    tellOthers: () => {
      const one = Promise.withResolvers<void>();
      told.push(one);
      return one.promise;
    },
    onTurn: (why) => turns.push(why),
  });
  const end = async (index: number, why: string | null) => {
    open[index]?.resolve(why);
    await turn();
  };
  return { clock, open, told, turns, settler, end };
}

/** The same, after its first round has succeeded. */
async function settledOne() {
  const one = held();
  one.settler.probe();
  await one.end(0, null);
  assert.equal(one.settler.settled, true);
  one.open.length = 0;
  return one;
}

describe('a settler', () => {
  test('has not settled until its first round succeeds, with longer and longer pauses after failures', async () => {
    const { clock, settler, open, end, turns } = held();
    assert.equal(settler.settled, false);
    settler.probe();
    for (const [round, pauseMs] of [25, 50, 100].entries()) {
      await end(round, 'no instance');
      clock.advance(pauseMs - 1);
      await turn();
      assert.equal(open.length, round + 1);
      clock.advance(1);
      await turn();
      assert.equal(open.length, round + 2);
    }
    await end(3, null);
    assert.equal(settler.settled, true);
    assert.deepEqual(turns, ['no instance', null]);
    clock.advance(60_000);
    await turn();
    assert.equal(open.length, 4);
  });

  test('settles a change by a round that begins after it', async () => {
    const { settler, open, end } = await settledOne();
    const older = settler.join();
    const another = settler.join();
    const settled = settler.after(250, true);
    assert.equal(open.length, 2);
    await end(0, null);
    await end(1, null);
    assert.deepEqual(await Promise.all([older, another]), [true, true]);
    assert.equal(open.length, 3);
    await end(2, null);
    assert.equal(await settled, 'settled');
    assert.equal(settler.settled, true);
  });

  test('tells every process before it gives a change up: after the limit, or a refusal', async () => {
    for (const outcome of ['late', 'failed'] as const) {
      const { clock, settler, end, told, turns } = await settledOne();
      let result: string | null = null;
      void settler.after(250, true).then((how) => {
        result = how;
      });
      await turn();
      if (outcome === 'failed') await end(0, 'a change is parked');
      else clock.advance(250);
      await turn();
      assert.equal(settler.settled, false, 'at once, before the others know');
      assert.equal(told.length, 1);
      assert.equal(result, null);
      told[0]?.resolve();
      await turn();
      assert.equal(result, outcome);
      assert.deepEqual(turns, [outcome === 'late' ? 'no reply within 250 ms' : 'a change is parked']);
    }
  });

  test('holds no change while settling fails, but tells the others of each', async () => {
    const { settler, open, end, told } = await settledOne();
    const failed = settler.after(250, true);
    await end(0, 'down');
    told[0]?.resolve();
    await failed;
    const rounds = open.length;
    const free = settler.after(250, true);
    assert.equal(open.length, rounds);
    await turn();
    told[1]?.resolve();
    assert.equal(await free, 'not_held');
    await end(rounds - 1, null);
    assert.equal(settler.settled, false, 'that round began before the last change');
    const held = settler.after(250, true);
    for (let round = rounds; round < open.length; round += 1) await end(round, null);
    assert.equal(await held, 'settled');
    assert.equal(settler.settled, true);
  });

  test('is not settled by a round that began before the last change that was given up', async () => {
    const { settler, open, end } = await settledOne();
    settler.mark();
    settler.mark();
    await end(0, null);
    assert.equal(settler.settled, false);
    assert.equal(open.length, 2, 'the next round begins by itself');
    await end(1, null);
    assert.equal(settler.settled, true);
  });

  test('without time does not count that as a failure of settling', async () => {
    const { clock, settler, told, turns, end, open } = await settledOne();
    const without = settler.after(0, false);
    const little = settler.after(3, false);
    clock.advance(3);
    await turn();
    for (const one of told) one.resolve();
    await turn();
    for (const one of told) one.resolve();
    assert.deepEqual(await Promise.all([without, little]), ['late', 'late']);
    assert.deepEqual(turns, []);
    assert.equal(settler.settled, false);
    for (let round = 0; round < open.length; round += 1) await end(round, null);
    assert.equal(settler.settled, true);
  });

  test('that is stopped begins no round', async () => {
    const { clock, settler, open, end } = held();
    settler.probe();
    await end(0, 'down');
    settler.stop();
    clock.advance(60_000);
    await turn();
    settler.mark();
    await turn();
    assert.equal(open.length, 1);
  });
});
