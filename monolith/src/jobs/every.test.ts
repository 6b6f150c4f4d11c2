import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { every } from './every.ts';

/** Runs everything that is due. */
const settle = async () => {
  for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
};

const fail = (error: unknown) => assert.fail(String(error));

describe('every', () => {
  test('waits an interval between the end of a run and the next', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let runs = 0;
    let finish = () => {};
    const work = () => {
      runs += 1;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    const stop = every(1000, work, fail);
    t.mock.timers.tick(999);
    assert.equal(runs, 0);
    t.mock.timers.tick(1);
    assert.equal(runs, 1);
    t.mock.timers.tick(5000);
    assert.equal(runs, 1, 'a run never starts while another goes on');
    finish();
    await settle();
    t.mock.timers.tick(1000);
    assert.equal(runs, 2);
    finish();
    await stop();
  });

  test('continues after a failed run and reports the error', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const errors: unknown[] = [];
    const stop = every(
      10,
      () => Promise.reject(new Error('store down')),
      (error) => errors.push(error),
    );
    t.mock.timers.tick(10);
    await settle();
    t.mock.timers.tick(10);
    await settle();
    assert.equal(errors.length, 2);
    await stop();
  });

  test('does not run after a stop, and waits for the current run', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let runs = 0;
    let finish = () => {};
    const stop = every(
      10,
      () => {
        runs += 1;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
      fail,
    );
    t.mock.timers.tick(10);
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.equal(stopped, false);
    finish();
    await stopping;
    t.mock.timers.tick(1000);
    assert.equal(runs, 1);
  });
});
