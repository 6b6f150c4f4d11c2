import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createTestRabbitmq, type TestBroker } from '../testing/rabbitmq.ts';
import { until } from '../testing/until.ts';
import { type Envelope, eventOf } from './envelope.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import { type Relay, startRelay } from './relay.ts';
import { eventAt, keptLog, openShelf, type Shelf } from './testing.ts';

describe('the relay', () => {
  let broker: TestBroker;
  let publisher: Publisher;
  let shelf: Shelf;
  let relay: Relay;
  let received: Envelope[];
  const log = keptLog();
  const queue = () => `${broker.prefix}tests`;

  before(async () => {
    broker = await createTestRabbitmq();
    const { url, prefix } = broker;
    publisher = await openPublisher({ url, prefix, name: 'tests', backOffMs: 5, confirmTimeoutMs: 20_000 });
    const channel = await broker.connection.createChannel();
    await channel.assertExchange(publisher.names.facts, 'topic', { durable: true });
    await channel.assertQueue(queue(), { arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(queue(), publisher.names.facts, 'things.*');
    await channel.consume(queue(), (message) => {
      // Without a message: the queue was deleted, at the end.
      if (message === null) return;
      received.push(eventOf(message.content));
      channel.ack(message);
    });
  });
  after(async () => {
    await publisher.close();
    const { deadQueue, facts, deadExchange } = publisher.names;
    await broker.drop({ queues: [queue(), deadQueue], exchanges: [facts, deadExchange] });
  });
  beforeEach(async () => {
    received = [];
    shelf = await openShelf();
    relay = startRelay({ store: shelf.store, publisher, logger: log.logger, pollMs: 20, batch: 3, parkMs: 50 });
  });
  afterEach(async () => {
    await relay.close();
    await shelf.drop();
  });
  const versions = () => received.map((event) => event.aggregateVersion);

  test('publishes events whole, in order, and marks them', async () => {
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    const events = [1, 2, 3, 4, 5, 6, 7].map((n) => eventAt(n, n === 1 ? { trace, deadlineMs: 1_000 } : {}));
    await shelf.add(...events);
    await until('all events', () => received.length === 7);
    assert.deepEqual(received, events);
    await until('all marks', async () => (await shelf.waiting()) === 0);
  });

  test('is woken by a commit', async () => {
    await relay.close();
    relay = startRelay({ store: shelf.store, publisher, logger: log.logger, pollMs: 3_600_000 });
    await shelf.add(eventAt(1));
    await until('the event', () => received.length === 1);
    await shelf.add(eventAt(2));
    await until('the next event', () => received.length === 2);
  });

  test('finds events without being woken', async () => {
    await relay.close();
    const { claim } = shelf.store.outboxFeed;
    const deaf = { outboxFeed: { claim, onAdded: () => () => {} }, forget: shelf.store.forget };
    relay = startRelay({ store: deaf, publisher, logger: log.logger, pollMs: 20 });
    await shelf.add(eventAt(1));
    await until('the event', () => received.length === 1);
  });

  test('keeps events while the broker is down, and sends them when it is back', async () => {
    broker.takeDown();
    await shelf.add(...[1, 2, 3, 4, 5].map((n) => eventAt(n)));
    await until('a failed round', () => log.lines().some(({ body }) => body === 'the outbox waits'));
    assert.equal(await shelf.waiting(), 5);
    broker.bringBack();
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
    await until('all events', () => new Set(versions()).size === 5);
    assert.deepEqual([...new Set(versions())], [1, 2, 3, 4, 5]);
  });

  test('tries again after a failure, although no commit wakes it', async () => {
    await relay.close();
    relay = startRelay({ store: shelf.store, publisher, logger: log.logger, pollMs: 3_600_000 });
    const failures = () => log.lines().filter(({ body }) => body === 'the outbox waits').length;
    const before = failures();
    broker.takeDown();
    await shelf.add(eventAt(1));
    await until('a failed round', () => failures() > before);
    broker.bringBack();
    await until('the event', () => received.length === 1);
  });

  test('does not try for each commit while the broker is down', async () => {
    let claims = 0;
    const { outboxFeed, forget } = shelf.store;
    const claim = () => {
      claims += 1;
      return outboxFeed.claim();
    };
    await relay.close();
    broker.takeDown();
    const store = { forget, outboxFeed: { ...outboxFeed, claim } };
    const failures = () => log.lines().filter(({ body }) => body === 'the outbox waits').length;
    const before = failures();
    relay = startRelay({ store, publisher, logger: log.logger, pollMs: 3_600_000, now: () => 0 });
    await shelf.add(eventAt(1));
    await until('a failed round', () => failures() > before);
    const begunMs = performance.now();
    const claimsBefore = claims;
    for (let version = 2; version <= 100; version += 1) await shelf.add(eventAt(version));
    // It tries once a second.
    assert.ok(claims - claimsBefore <= 1 + (performance.now() - begunMs) / 1_000, `${claims - claimsBefore} claims`);
    broker.bringBack();
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
  });

  test('keeps events while the broker is silent', async () => {
    await relay.close();
    const { url, prefix } = broker;
    const impatient = await openPublisher({ url, prefix, name: 'tests', backOffMs: 5, confirmTimeoutMs: 200 });
    relay = startRelay({ store: shelf.store, publisher: impatient, logger: log.logger, pollMs: 20 });
    const publish = () =>
      impatient.publish(publisher.names.facts, 'things.x', Buffer.from(JSON.stringify(eventAt(99))), {});
    await until('the connection', () => publish().catch(() => false));
    broker.silence();
    await shelf.add(eventAt(1));
    await assert.rejects(publish(), /no confirm within|away|closed/i);
    assert.equal(await shelf.waiting(), 1);
    broker.bringBack();
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
    await until('the event', () => versions().includes(1));
    await relay.close();
    await impatient.close();
  });

  test('keeps an event that no queue takes, lets others pass, and sends it once there is a queue', async () => {
    const others = [1, 2, 3, 4].map((n) => eventAt(n, { type: 'others.changed', aggregateId: 'other' }));
    await shelf.add(...others, eventAt(10));
    await until('the event behind', () => received.length === 1);
    await until('its mark', async () => (await shelf.waiting()) === 4);
    const channel = await broker.connection.createChannel();
    await channel.bindQueue(queue(), publisher.names.facts, 'others.*');
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
    await until('all events', () => received.length === 5);
    await channel.unbindQueue(queue(), publisher.names.facts, 'others.*');
    await channel.close();
    assert.deepEqual(versions(), [10, 1, 2, 3, 4]);
  });

  test('lets events go that no queue takes for long, so that the outbox does not grow for ever', async () => {
    await relay.close();
    const limits = { pollMs: 20, batch: 3, parkMs: 5, unclaimedMs: 40 };
    relay = startRelay({ store: shelf.store, publisher, logger: log.logger, ...limits });
    await shelf.add(...[1, 2, 3, 4, 5].map((n) => eventAt(n, { type: 'unwanted.changed' })), eventAt(6));
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
    assert.deepEqual([versions(), relay.published, relay.letGo], [[6], 1, 5]);
  });

  test('a second relay waits until the first ends', async () => {
    const second = startRelay({ store: shelf.store, publisher, logger: log.logger, pollMs: 20 });
    await shelf.add(eventAt(1), eventAt(2));
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
    assert.equal(second.published, 0);
    await relay.close();
    await shelf.add(eventAt(3));
    await until('the third event', () => second.published === 1);
    await second.close();
  });

  test('an event is published again when the mark was lost', async () => {
    await relay.close();
    const claim = await shelf.store.outboxFeed.claim();
    assert.ok(claim);
    let lost = 0;
    const forgetful = {
      ...claim,
      markPublished: async (places: readonly string[]) => {
        if (lost++ === 0) throw new Error('lost');
        await claim.markPublished(places);
      },
      release: async () => {},
    };
    await shelf.add(eventAt(1));
    const store = {
      forget: shelf.store.forget,
      outboxFeed: { ...shelf.store.outboxFeed, claim: async () => forgetful },
    };
    relay = startRelay({ store, publisher, logger: log.logger, pollMs: 20 });
    await until('the repetition', () => received.length === 2);
    assert.equal(received[0]?.id, received[1]?.id);
    await relay.close();
    await claim.release();
  });
});
