import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ConfirmChannel } from 'amqplib';
import { createTestRabbitmq, type TestBroker } from '../../testing/rabbitmq.ts';
import { publishDead } from '../dead-letter.ts';
import { messageOf } from '../envelope.ts';
import { openPublisher, type Publisher } from '../publisher.ts';
import { eventAt } from '../testing.ts';
import { run } from './cli.ts';

describe('the tool for dead letters', () => {
  let broker: TestBroker;
  let publisher: Publisher;
  let channel: ConfirmChannel;
  const first = eventAt(1, { id: '11111111-1111-4111-8111-111111111111' });
  const second = eventAt(2, { id: '22222222-2222-4222-8222-222222222222' });
  const queue = () => publisher.names.queueOf('tests');

  before(async () => {
    broker = await createTestRabbitmq();
    publisher = await openPublisher({ url: broker.url, prefix: broker.prefix, name: 'tests' });
    await publisher.ready;
    channel = await broker.connection.createConfirmChannel();
    await channel.assertQueue(queue(), { arguments: { 'x-queue-type': 'quorum' } });
  });
  after(async () => {
    await publisher.close();
    const { deadQueue, facts, deadExchange } = publisher.names;
    await broker.drop({ queues: [queue(), deadQueue], exchanges: [facts, deadExchange] });
  });
  afterEach(async () => {
    await channel.purgeQueue(queue());
    await channel.purgeQueue(publisher.names.deadQueue);
  });

  const die = async (event: typeof first, from = queue()) => {
    const { content, properties } = messageOf(event);
    const message = { content, properties: { ...properties, headers: { 'x-delivery-count': 7 } } };
    const letter = { queue: from, reason: 'Error: no', failures: 5, at: '2026-01-02T03:04:05.000Z' };
    await publishDead(publisher, message as unknown as Parameters<typeof publishDead>[1], letter);
  };
  const messages = async (...args: string[]) => {
    let out = '';
    let error = '';
    const common = args.includes('--url') ? [] : ['--url', broker.url];
    const code = await run(
      [...args, ...common, '--prefix', broker.prefix],
      {},
      {
        out: (text) => {
          out += text;
        },
        error: (text) => {
          error += text;
        },
      },
    );
    return { code, out, error };
  };
  const inQueue = async () => {
    const message = await channel.get(queue(), { noAck: true });
    return message === false ? null : message;
  };

  test('lists messages with their reasons, and leaves them, however often', async () => {
    assert.deepEqual(await messages('dead'), { code: 0, out: 'no dead letters\n', error: '' });
    await die(first);
    await die(second);
    const line = `${first.id}  2026-01-02T03:04:05.000Z  things.changed  ${queue()}  failures=5  Error: no\n`;
    for (let time = 0; time < 25; time++) assert.equal((await messages('dead')).out.split('\n').length, 3);
    assert.ok((await messages('dead')).out.startsWith(line));
    const lines = (await messages('dead', '--json')).out.trim().split('\n');
    assert.deepEqual(JSON.parse(lines[1] ?? ''), {
      id: second.id,
      type: 'things.changed',
      queue: queue(),
      reason: 'Error: no',
      failures: 5,
      at: '2026-01-02T03:04:05.000Z',
    });
    assert.match((await messages('dead', '--limit', '1')).error, /there are more/);
  });

  test('shows a message whole', async () => {
    await die(first);
    const { out } = await messages('show', '11111111');
    assert.deepEqual(JSON.parse(out.slice(out.indexOf('\n'))), first);
    const json = JSON.parse((await messages('show', first.id, '--json')).out) as { body: string };
    assert.deepEqual(JSON.parse(json.body), first);
    assert.deepEqual(await messages('show', 'ffffffff'), {
      code: 1,
      out: '',
      error: 'no dead letter has the id ffffffff\n',
    });
    assert.equal((await messages('show', '1111')).code, 1);
  });

  test('sends a message again without the counts of deliveries, and keeps the others', async () => {
    await die(first);
    await die(second);
    assert.deepEqual(await messages('resend', first.id), {
      code: 0,
      out: `${first.id} ${queue()}: resent\n`,
      error: '',
    });
    const message = await inQueue();
    assert.deepEqual(JSON.parse(message?.content.toString() ?? ''), first);
    assert.deepEqual({ 'x-delivery-count': 0, ...message?.properties.headers }, { 'x-delivery-count': 0 });
    assert.equal(message?.properties.messageId, first.id);
    assert.equal(await inQueue(), null);
    assert.match((await messages('dead')).out, /^22222222[^\n]*\n$/);
  });

  test('keeps a message whose queue is gone', async () => {
    await die(first, 'gone');
    assert.deepEqual(await messages('resend', '--all'), {
      code: 1,
      out: `${first.id} gone: queue is gone\n`,
      error: '',
    });
    assert.match((await messages('dead')).out, /^11111111/);
  });

  test('drops messages, by id, by queue, or all', async () => {
    await die(first);
    await die(second, 'other');
    assert.equal(
      (await messages('drop', '--all', '--queue', 'other', '--json')).out.trim(),
      JSON.stringify({ id: second.id, queue: 'other', outcome: 'dropped' }),
    );
    assert.equal((await messages('drop', first.id)).code, 0);
    assert.equal((await messages('dead')).out, 'no dead letters\n');
    assert.equal(await inQueue(), null);
  });

  test('refuses a command that it does not understand, and says when there is no broker', async () => {
    assert.equal((await messages('resend')).code, 2);
    assert.match((await messages('drop')).error, /name messages, or say --all/);
    assert.equal((await messages('resend', '--all', first.id)).code, 2);
    assert.equal((await messages('dead', '--limit', 'x')).code, 2);
    assert.equal((await messages('nothing')).code, 2);
    assert.equal((await messages('--help')).code, 0);
    const { code, error } = await messages('dead', '--url', 'amqp://user:hidden@127.0.0.1:1');
    assert.equal(code, 1);
    assert.match(error, /ECONNREFUSED/);
    assert.doesNotMatch(error, /hidden/);
  });
});
