import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { ConfirmChannel } from 'amqplib';
import { ServiceError } from '../service/errors.ts';
import { createTestRabbitmq, type TestBroker } from '../testing/rabbitmq.ts';
import { until } from '../testing/until.ts';
import { type Consumer, type ConsumerOptions, startConsumer } from './consumer.ts';
import { letterOf, resend } from './dead-letter.ts';
import { BadMessage, type Envelope, messageOf } from './envelope.ts';
import { eachOnce, newerOnly } from './handled.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import { eventAt, keptLog, openShelf, type Shelf } from './testing.ts';

describe('a consumer', () => {
  let broker: TestBroker;
  let publisher: Publisher;
  let direct: ConfirmChannel;
  let shelf: Shelf;
  let consumers: Consumer[];
  const log = keptLog();
  const queue = () => publisher.names.queueOf('tests');

  before(async () => {
    broker = await createTestRabbitmq();
    // Not through the proxy, so that dead letters can be published while the consumer is cut off.
    const url = process.env.TEST_RABBITMQ_URL ?? '';
    publisher = await openPublisher({ url, prefix: broker.prefix, name: 'tests', backOffMs: 5 });
    direct = await broker.connection.createConfirmChannel();
  });
  after(async () => {
    await publisher.close();
    const { deadQueue, facts, deadExchange } = publisher.names;
    await broker.drop({ queues: [queue(), deadQueue], exchanges: [facts, deadExchange] });
  });
  beforeEach(async () => {
    shelf = await openShelf();
    consumers = [];
  });
  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await direct.purgeQueue(publisher.names.deadQueue);
    await direct.purgeQueue(queue());
    await shelf.drop();
  });

  const start = async (handle: (event: Envelope) => Promise<void>, options: Partial<ConsumerOptions> = {}) => {
    const { store } = shelf;
    const common = { url: broker.url, publisher, consumer: 'tests', types: ['things.*'], store, logger: log.logger };
    const consumer = await startConsumer({ ...common, handle, backOffMs: 5, maxBackOffMs: 20, ...options });
    consumers.push(consumer);
    return consumer;
  };
  const newer = () => newerOnly(shelf.store, 'tests', (tx, event) => shelf.see(tx, event));
  /** Publishes until a queue takes it: the consumer may not have declared its queue yet. */
  const send = (event: Envelope | { content: string }) =>
    until('a queue', () => {
      const { content, properties } =
        'content' in event
          ? { content: Buffer.from(event.content), properties: { messageId: 'raw' } }
          : messageOf(event);
      return publisher.publish(publisher.names.facts, 'things.changed', content, properties).catch(() => false);
    });
  const deadLetters = async () => {
    const message = await direct.get(publisher.names.deadQueue);
    if (message === false) return null;
    direct.ack(message);
    return { letter: letterOf(message), message };
  };

  test('acts once for a message that comes twice', async () => {
    await start(eachOnce(shelf.store, 'tests', shelf.see));
    const twice = eventAt(1);
    await send(twice);
    await send(twice);
    await send(eventAt(2));
    await until('the last message', async () => (await shelf.seen()).includes(2));
    assert.deepEqual(await shelf.seen(), [1, 2]);
  });

  test('ignores versions that are older than what it has applied', async () => {
    await start(newer());
    for (const version of [2, 1, 3]) await send(eventAt(version, { aggregateId: 'a' }));
    await send(eventAt(1, { aggregateId: 'b' }));
    await until('the other aggregate', async () => (await shelf.seen('b')).length === 1);
    await until('the last version', async () => (await shelf.seen('a')).includes(3));
    const seen = await shelf.seen('a');
    assert.deepEqual(seen, seen.toSorted());
  });

  test('holds no more messages than its prefetch, and gets them again after a crash, in any number', async () => {
    let held = 0;
    const first = Promise.withResolvers<void>();
    await start(
      async () => {
        held += 1;
        await first.promise;
      },
      { prefetch: 2 },
    );
    for (const n of [1, 2, 3, 4]) await send(eventAt(n, { aggregateId: `thing-${n}` }));
    // A handler that has not ended does not keep the broker from delivering again: no crash may lose a message.
    for (let crash = 1; crash <= 25; crash++) {
      await until('the held messages', () => held >= 2 * crash);
      assert.equal(held, 2 * crash);
      broker.takeDown();
      await until('messages that wait again', async () => (await broker.waitingIn(queue())) === 4);
      broker.bringBack();
    }
    first.resolve();
    await until('an empty queue', async () => (await broker.waitingIn(queue())) === 0);
    await until('all messages', () => held >= 54);
    assert.equal(await deadLetters(), null);
  });

  test('makes a dead letter of a message that its handler fails on, with the reason, and goes on', async () => {
    let attempts = 0;
    await start(
      async (event) => {
        if (event.aggregateId !== 'bad') return newer()(event);
        attempts += 1;
        throw new Error('no such\nthing');
      },
      { maxFailures: 3, now: () => 0 },
    );
    const bad = eventAt(1, { aggregateId: 'bad' });
    await send(bad);
    await send(eventAt(1, { aggregateId: 'good' }));
    const dead = await until('the dead letter', deadLetters);
    assert.deepEqual(dead.letter, {
      id: bad.id,
      type: bad.type,
      queue: queue(),
      reason: 'Error: no such thing',
      failures: 3,
      at: '1970-01-01T00:00:00.000Z',
    });
    assert.deepEqual(JSON.parse(dead.message.content.toString()), bad);
    assert.equal(attempts, 3);
    await until('the good message', async () => (await shelf.seen('good')).length === 1);
    assert.ok(log.lines().some(({ body }) => body === 'a message is a dead letter'));
  });

  test('counts failures of one message over restarts', async () => {
    let attempts = 0;
    const failing = async () => {
      attempts += 1;
      throw new Error('no');
    };
    const first = await start(failing, { maxFailures: 3, backOffMs: 3_600_000, maxBackOffMs: 3_600_000 });
    await send(eventAt(1));
    await until('the first attempt', () => attempts === 1);
    await until('the count', () =>
      log.lines().some(({ attributes }) => (attributes as { failures?: number })?.failures === 1),
    );
    await first.close();
    await start(failing, { maxFailures: 3 });
    assert.equal((await until('the dead letter', deadLetters)).letter.failures, 3);
    assert.equal(attempts, 3);
  });

  test('makes a dead letter of a message that no attempt can handle, at once', async () => {
    await start(async () => {
      throw new BadMessage('not for me');
    });
    await send(eventAt(1));
    assert.equal((await until('the letter', deadLetters)).letter.reason, 'BadMessage: not for me');
    for (const content of ['{', '[]', '{"id":1}', JSON.stringify({ ...eventAt(1), aggregateVersion: '1' })]) {
      await send({ content });
      const { letter } = await until('the letter', deadLetters);
      assert.match(letter.reason, /^BadMessage: /);
      assert.equal(letter.failures, 0);
    }
  });

  test('waits while the store is away, and counts no failure', async () => {
    let away = true;
    let attempts = 0;
    const { failures, forget } = shelf.store;
    const store = {
      failures,
      forget,
      ping: async () => {
        if (away) throw new ServiceError('store_unavailable');
      },
    };
    await start(
      async (event) => {
        attempts += 1;
        if (away) throw new ServiceError('store_unavailable');
        await newer()(event);
      },
      { store, maxFailures: 1 },
    );
    await send(eventAt(1));
    await until('the first attempt', () => attempts === 1);
    away = false;
    await until('the message', async () => (await shelf.seen()).length === 1);
    assert.equal(await deadLetters(), null);
  });

  test('consumes again after its queue was deleted', async () => {
    await start(newer());
    await send(eventAt(1));
    await until('the message', async () => (await shelf.seen()).length === 1);
    await direct.deleteQueue(queue());
    await send(eventAt(2));
    await until('the next message', async () => (await shelf.seen()).length === 2);
  });

  test('begins once its queue can be declared', async () => {
    await direct.deleteQueue(queue());
    await direct.assertQueue(queue(), { arguments: { 'x-queue-type': 'classic' } });
    await start(newer());
    await until('the refusal', () => JSON.stringify(log.lines()).includes('PRECONDITION_FAILED'));
    await direct.deleteQueue(queue());
    await send(eventAt(1));
    await until('the message', async () => (await shelf.seen()).length === 1);
  });

  test('acknowledges what it was handling when it closes', async () => {
    const inside = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const consumer = await start(async (event) => {
      inside.resolve();
      await go.promise;
      await newer()(event);
    });
    await send(eventAt(1));
    await inside.promise;
    const closing = consumer.close();
    go.resolve();
    await closing;
    assert.equal(await broker.waitingIn(queue()), 0);
    assert.deepEqual(await shelf.seen(), [1]);
  });

  test('handles a dead letter that is sent again', async () => {
    let mended = false;
    await start(async (event) => (mended ? newer()(event) : Promise.reject(new Error('no'))), { maxFailures: 1 });
    await send(eventAt(1));
    const { message } = await until('the letter', deadLetters);
    mended = true;
    assert.equal(await resend(publisher, message), true);
    await until('the message', async () => (await shelf.seen()).length === 1);
  });
});
