import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ConfirmChannel, Message } from 'amqplib';
import { createTestRabbitmq, type TestBroker } from '../testing/rabbitmq.ts';
import { until } from '../testing/until.ts';
import { type Link, openLink } from './link.ts';

describe('a link to the broker', () => {
  let broker: TestBroker;
  let link: Link | undefined;
  let channels: ConfirmChannel[];
  const lost: Error[] = [];
  const open = async (setup: (channel: ConfirmChannel) => Promise<void> = async () => {}) => {
    channels = [];
    link = await openLink({
      url: broker.url,
      name: 'tests',
      backOffMs: 5,
      maxBackOffMs: 20,
      onLost: (error) => lost.push(error),
      setup: async (channel) => {
        channels.push(channel);
        await setup(channel);
      },
    });
    return link;
  };

  before(async () => {
    broker = await createTestRabbitmq();
  });
  after(() => broker.drop({ queues: [], exchanges: [] }));
  afterEach(async () => {
    await link?.close();
    lost.length = 0;
  });

  test('sends small frames at once', async (t) => {
    const setNoDelay = t.mock.method(Socket.prototype, 'setNoDelay');
    const { channel } = await open();
    await until('the channel', () => channel ?? channels.length === 1);
    assert.ok(setNoDelay.mock.calls.some((call) => call.arguments[0] === true));
  });

  test('comes back after the broker was down, also if it was down at the start', async () => {
    broker.takeDown();
    const opened = await open();
    await until('a failed attempt', () => lost.length > 0);
    assert.equal(opened.channel, null);
    broker.bringBack();
    await until('the channel', () => opened.channel);
    broker.takeDown();
    await until('the loss', () => opened.channel === null);
    broker.bringBack();
    await until('another channel', () => opened.channel);
    assert.equal(channels.length, 2);
  });

  test('comes back after an error that closes the channel and leaves the connection', async () => {
    const opened = await open();
    const first = await until('the channel', () => opened.channel);
    first.ack({ fields: { deliveryTag: 99 } } as Message);
    const second = await until('another channel', () => opened.channel !== first && opened.channel);
    assert.notEqual(second, first);
    assert.ok(lost.some(({ message }) => /PRECONDITION|unknown delivery tag/.test(message)));
  });

  test('comes back after a setup that failed', async () => {
    let attempts = 0;
    const opened = await open(async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('not yet');
    });
    await until('the channel', () => opened.channel);
    assert.equal(attempts, 3);
  });

  test('stays closed', async () => {
    const opened = await open();
    await until('the channel', () => opened.channel);
    await opened.close();
    assert.equal(opened.channel, null);
    assert.deepEqual(lost, []);
  });
});
