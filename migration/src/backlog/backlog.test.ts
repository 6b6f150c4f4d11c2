import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backlog } from './backlog.ts';

const limits = { changes: 100, ageMs: 5_000, forMs: 10_000 };
const none = { changes: 0, ageMs: 0 };

describe('the alarm of a backlog', () => {
  test('is off while a large backlog lasts for a moment only', () => {
    const backlog = new Backlog(limits);
    assert.equal(backlog.look(0, { changes: 5_000, ageMs: 900 }), null);
    assert.equal(backlog.look(9_999, { changes: 200, ageMs: 900 }), null);
    assert.equal(backlog.look(10_000, none), null);
    // What was beyond the limit before does not count.
    assert.equal(backlog.look(11_000, { changes: 200, ageMs: 900 }), null);
    assert.equal(backlog.look(20_999, { changes: 200, ageMs: 900 }), null);
    assert.equal(backlog.alarm, null);
  });

  test('is on when too many changes wait for too long, and says so once', () => {
    const backlog = new Backlog(limits);
    assert.equal(backlog.look(0, { changes: 101, ageMs: 10 }), null);
    assert.equal(backlog.look(10_000, { changes: 300, ageMs: 4_000 }), 'on');
    assert.equal(backlog.alarm, '300 changes wait, the oldest for 4 s');
    assert.equal(backlog.look(11_000, { changes: 400, ageMs: 4_600 }), null);
    assert.equal(backlog.alarm, '400 changes wait, the oldest for 5 s');
    assert.deepEqual(backlog.latest, { changes: 400, ageMs: 4_600 });
  });

  test('is on when a single change waits for too long', () => {
    const backlog = new Backlog(limits);
    assert.equal(backlog.look(0, { changes: 1, ageMs: 5_001 }), null);
    assert.equal(backlog.look(10_000, { changes: 1, ageMs: 15_001 }), 'on');
  });

  test('is on when it is not known how many changes wait', () => {
    const backlog = new Backlog(limits);
    backlog.look(0, { changes: null, ageMs: 6_000 });
    assert.equal(backlog.look(10_000, { changes: null, ageMs: 16_000 }), 'on');
    assert.equal(backlog.alarm, 'changes wait, the oldest for 16 s');
  });

  test('goes off as soon as the follower is in step again', () => {
    const backlog = new Backlog(limits);
    backlog.look(0, { changes: 101, ageMs: 10 });
    backlog.look(10_000, { changes: 101, ageMs: 10 });
    assert.equal(backlog.look(10_500, none), 'off');
    assert.equal(backlog.alarm, null);
    assert.equal(backlog.look(11_000, none), null);
  });
});
