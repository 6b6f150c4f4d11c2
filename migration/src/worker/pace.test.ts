import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pace } from './pace.ts';

/** The moments up to `untilMs` at which a round runs, if one is looked for every 5 ms. */
function moments(
  pace: Pace,
  { fromMs = 0, untilMs = 1_000, noted = null as boolean | null, brought = (): number => 0 } = {},
) {
  const due: number[] = [];
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 5) {
    if (!pace.isDue(nowMs, noted, brought())) continue;
    due.push(nowMs);
    pace.ended(nowMs);
  }
  return due;
}

describe('the pace of a follower', () => {
  test('a service that does not write is asked less and less often, up to a limit', () => {
    assert.deepEqual(moments(new Pace(), { untilMs: 1_000 }), [0, 25, 75, 175, 375, 625, 875]);
  });

  test('a service that writes is asked often', () => {
    let written = 0;
    const asked = moments(new Pace(), { untilMs: 100, brought: () => ++written });
    assert.deepEqual(asked, [0, 25, 50, 75, 100]);
  });

  test('a change that another round has brought ends the long wait', () => {
    const pace = new Pace();
    moments(pace, { untilMs: 700 });
    assert.equal(pace.isDue(700, null, 1), false);
    assert.equal(pace.isDue(725, null, 1), true);
  });

  test('the monolith is read as soon as it has a note, and only then', () => {
    const pace = new Pace();
    assert.deepEqual(moments(pace, { untilMs: 5_000, noted: false }), []);
    assert.equal(pace.isDue(5_000, true, 0), true);
    pace.ended(5_000);
    assert.equal(pace.isDue(5_001, true, 0), true);
  });

  test('a round that failed is repeated after a second, whether there are notes or not', () => {
    const pace = new Pace();
    pace.failed(100);
    assert.equal(pace.isDue(1_095, true, 5), false);
    assert.equal(pace.isDue(1_100, false, 5), true);
    pace.ended(1_100);
    assert.equal(pace.isDue(1_200, false, 5), false);
  });
});
