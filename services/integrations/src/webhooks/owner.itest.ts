import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { microsOf } from '@banyan/kit/api';
import { cleanUp } from './clean-up.ts';
import { planLeftOver } from './plan.ts';
import { type Bench, factAt, openBench, openReceiver, type Receiver } from './testing.ts';

const hourMs = 3_600_000;
const misdirected = { code: 'misdirected' };

let it: Bench;
let receiver: Receiver;
before(async () => {
  it = await openBench();
});
after(() => it.drop());
beforeEach(async () => {
  receiver = await openReceiver();
  await own('owner');
  await it.clear();
});
afterEach(() => receiver.close());

const own = (state: 'owner' | 'follower' | 'fenced') => it.query('update ownership set state = $1', [state]);
const integrate = () => it.integrate(['brand.created'], { url: receiver.url });
const planLeft = () => planLeftOver(it.store, microsOf(it.now()));
const planned = async () =>
  (await it.query<{ planned: boolean }>('select planned from heard_events')).map((row) => row.planned);

describe('while the other side owns integrations', () => {
  test('facts are kept and not planned; nothing is delivered', async () => {
    const id = await integrate();
    await it.hear(factAt(it.now()));
    await own('follower');
    await it.hear(factAt(it.now()));
    assert.deepEqual((await planned()).sort(), [false, true]);
    assert.equal((await it.jobs(id)).length, 1);
    await assert.rejects(it.deliver(), misdirected);
    await assert.rejects(planLeft(), misdirected);
    assert.equal(receiver.received.length, 0);
  });

  test('an attempt that is under way when the owner changes is not logged, and the new owner repeats it', async () => {
    const id = await integrate();
    await it.hear(factAt(it.now()));
    const arrived = Promise.withResolvers<() => void>();
    receiver.reply = (response) => arrived.resolve(() => response.end());
    const delivering = it.deliver();
    const release = await arrived.promise;
    await own('fenced');
    release();
    await assert.rejects(delivering, misdirected);
    await own('owner');
    assert.deepEqual(await it.logs(id), []);
    it.advance(hourMs);
    receiver.reply = (response) => response.end();
    assert.equal(await it.deliver(), 1);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    assert.deepEqual([ids.length, new Set(ids).size], [2, 1]);
  });

  test('old deliveries are left to the owner, and old events go', async () => {
    const id = await integrate();
    await it.hear(factAt(it.now()));
    it.advance(31 * 24 * hourMs);
    await own('follower');
    await cleanUp(it.store, it.now);
    assert.deepEqual([await planned(), (await it.jobs(id)).length], [[], 1]);
    await own('owner');
    await cleanUp(it.store, it.now);
    assert.deepEqual(await it.jobs(id), []);
  });
});

describe('when this service becomes the owner', () => {
  test('it plans what it heard of within the last hour, once', async () => {
    const id = await integrate();
    await own('follower');
    const [old, recent] = [factAt(it.now()), factAt(it.now() + 2 * hourMs)];
    await it.hear(old);
    it.advance(2 * hourMs);
    await it.hear(recent);
    await own('owner');
    assert.deepEqual([await planLeft(), await planLeft()], [1, 0]);
    assert.equal((await it.jobs(id)).length, 1);
    assert.equal(await it.deliver(), 1);
    assert.equal(JSON.parse(receiver.received[0]?.body ?? '').payload.data.id, recent.aggregateId);
  });

  test('a fact that comes again then is planned', async () => {
    const id = await integrate();
    await own('follower');
    const event = factAt(it.now());
    await it.hear(event);
    await own('owner');
    await it.hear(event);
    assert.deepEqual([await planned(), (await it.jobs(id)).length], [[true], 1]);
  });

  test('a fact that was late in the queue is planned, however old it is', async () => {
    const id = await integrate();
    const event = factAt(it.now());
    it.advance(5 * hourMs);
    await it.hear(event);
    assert.equal((await it.jobs(id)).length, 1);
  });
});
