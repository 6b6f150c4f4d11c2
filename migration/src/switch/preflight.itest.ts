import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brands } from '../resources/brands.ts';
import { type Moving, openMoving, type RunningWorker } from '../testing/moving.ts';

describe('the preflight of a service that hears of facts', () => {
  let moving: Moving;
  let one: RunningWorker;
  let fault: string | null = null;
  before(async () => {
    moving = await openMoving();
    one = await moving.worker((parts) => ({
      ...parts,
      resources: [{ ...brands, hearsFacts: true }],
      factsFault: async () => fault,
    }));
    await one.run('backfill');
  });
  after(() => moving.drop());

  test('refuses a switch while facts do not travel, with the reason, and takes no step', async () => {
    fault = 'this worker has no RABBITMQ_URL: give it one';
    const { state, result } = await one.run('switch', { target: 'service' });
    assert.equal(state, 'failed');
    assert.match(String(result), /brands cannot switch: facts: this worker has no RABBITMQ_URL: give it one/);
    assert.deepEqual(moving.meshCalls, []);
  });

  test('lets it go on once they do, and does not ask for the way back', async () => {
    fault = null;
    assert.equal((await one.run('switch', { target: 'service' })).state, 'done');
    fault = 'the broker is down';
    assert.equal((await one.run('switch', { target: 'monolith' })).state, 'done');
    const [status] = await one.worker.status();
    assert.equal(status?.owner, 'monolith');
  });
});
