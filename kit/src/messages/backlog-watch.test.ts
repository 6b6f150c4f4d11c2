import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backlog, OutboxClaim } from '../store/store.ts';
import { BacklogWatch } from './backlog-watch.ts';
import { emptyBacklog, MessageMeters } from './meters.ts';
import { keptLog } from './testing.ts';

function watched() {
  const clock = { ms: 1_000_000 };
  const log = keptLog();
  const meters = new MessageMeters().relay('facts');
  const watch = new BacklogWatch({ meters, logger: log.logger, now: () => clock.ms, everyMs: 10, alarmMs: 1_000 });
  const outbox = { all: emptyBacklog, withoutParked: emptyBacklog, looks: 0 };
  const claim = {
    backlog: async (except: readonly string[]) => {
      outbox.looks += 1;
      return except.length === 0 ? outbox.all : outbox.withoutParked;
    },
  } as unknown as OutboxClaim;
  const lookAfter = async (ms: number, waiting: Backlog, parked: string[] = []) => {
    clock.ms += ms;
    outbox.all = waiting;
    await watch.look(claim, parked);
  };
  return { clock, log, meters, watch, outbox, lookAfter, bodies: () => log.lines().map(({ body }) => body) };
}
const since = (ms: number, waiting = 3): Backlog => ({ waiting, oldestAtUs: ms * 1_000 });

test('a backlog that waits for long raises an alarm, again while it lasts, and the log says when it is over', async () => {
  const { clock, log, meters, watch, lookAfter, bodies } = watched();
  const oldest = clock.ms;
  await lookAfter(900, since(oldest));
  assert.deepEqual(bodies(), []);
  for (let n = 0; n < 25; n += 1) await lookAfter(100, since(oldest));
  const alarm = 'facts have waited for long: is the broker away?';
  assert.deepEqual(bodies(), [alarm, alarm, alarm]);
  assert.deepEqual(log.lines()[0]?.attributes, { waiting: 3, oldestAgeS: 1 });
  await lookAfter(100, emptyBacklog);
  await lookAfter(100, since(clock.ms));
  assert.deepEqual(bodies().slice(3), ['facts travel again']);
  await lookAfter(2_000, since(oldest));
  watch.drained();
  assert.deepEqual(bodies().slice(4), [alarm, 'facts travel again']);
  assert.equal(meters.backlog.waiting, 0);
});

test('the backlog is counted once in a while', async () => {
  const { outbox, lookAfter } = watched();
  for (let n = 0; n < 10; n += 1) await lookAfter(1, emptyBacklog);
  assert.equal(outbox.looks, 1);
});

test('events that no queue takes are counted apart, and raise no alarm', async () => {
  const { meters, outbox, lookAfter, bodies } = watched();
  outbox.withoutParked = { waiting: 1, oldestAtUs: 1_009_999_000 };
  await lookAfter(10_000, since(0, 6), ['unwanted.changed']);
  assert.deepEqual([meters.backlog.waiting, meters.parked, bodies()], [1, 5, []]);
});
