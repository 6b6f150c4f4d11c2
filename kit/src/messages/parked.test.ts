import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parked } from './parked.ts';
import { keptLog } from './testing.ts';

function parkedAt() {
  const clock = { ms: 1_000 };
  const log = keptLog();
  const parked = new Parked({ parkMs: 50, unclaimedMs: 1_000, logger: log.logger, now: () => clock.ms });
  return { clock, log, parked };
}

test('a type that no queue takes is tried again after a while', () => {
  const { clock, parked } = parkedAt();
  assert.equal(parked.refused('a.changed'), 'wait');
  assert.deepEqual(parked.waiting(), ['a.changed']);
  clock.ms += 50;
  assert.deepEqual(parked.waiting(), []);
  parked.taken('a.changed');
  clock.ms += 10_000;
  assert.equal(parked.refused('a.changed'), 'wait', 'the time begins anew once a queue took it');
});

test('events of a type that no queue takes for long are let go, each at once, and the log says so once', () => {
  const { clock, log, parked } = parkedAt();
  for (; clock.ms < 2_000; clock.ms += 50) assert.equal(parked.refused('a.changed'), 'wait');
  for (let n = 0; n < 3; n += 1) assert.equal(parked.refused('a.changed'), 'let go');
  assert.deepEqual(parked.waiting(), []);
  assert.deepEqual(
    log.lines().map(({ body }) => body),
    [
      'no queue takes events of this type: they wait in the outbox',
      'no queue has taken events of this type: they are let go',
    ],
  );
});
