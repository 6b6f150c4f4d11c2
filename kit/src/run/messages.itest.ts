import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { BadMessage } from '../messages/envelope.ts';
import { newerOnly } from '../messages/handled.ts';
import { eventAt, keptLog, openShelf, type Shelf } from '../messages/testing.ts';
import { namesWith } from '../messages/topology.ts';
import { Metrics } from '../observe/metrics.ts';
import { createTestRabbitmq, type TestBroker } from '../testing/rabbitmq.ts';
import { until } from '../testing/until.ts';
import type { Consumes, MessageParts } from './messages.ts';
import { type RunningService, runService } from './run.ts';

describe('a service that publishes and consumes facts', () => {
  let broker: TestBroker;
  let shelf: Shelf;
  let service: RunningService | undefined;
  const calls: string[] = [];
  const log = keptLog();
  const said = (what: string) => log.lines().some(({ body }) => body === what);

  before(async () => {
    broker = await createTestRabbitmq();
  });
  after(async () => {
    const { queueOf, deadQueue, facts, deadExchange } = namesWith(broker.prefix);
    await broker.drop({ queues: [queueOf('things.tests'), deadQueue], exchanges: [facts, deadExchange] });
  });
  beforeEach(async () => {
    calls.length = 0;
    shelf = await openShelf();
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  const consumer = (): Consumes => {
    const handle = newerOnly(shelf.store, 'things.tests', shelf.see);
    return { name: 'things.tests', types: ['things.*'], store: shelf.store, handle };
  };
  const run = async (parts: Partial<MessageParts>, prepare = async () => {}) => {
    service = await runService({
      name: 'tests',
      server: { listen: async () => 'http://127.0.0.1:1', close: async () => void calls.push('server') },
      host: '127.0.0.1',
      port: 0,
      prepare,
      lease: null,
      release: async () => {
        calls.push('release');
        await shelf.drop();
      },
      logger: log.logger,
      broker: { url: broker.url, prefix: broker.prefix },
      ...parts,
    });
    return service;
  };

  test('publishes what its store has, and consumes, once it is ready', async () => {
    const ready = Promise.withResolvers<void>();
    const failing = Promise.withResolvers<void>();
    let attempts = 0;
    const running = run({ publishes: shelf.store, consumes: [consumer()] }, async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('the store is down');
      failing.resolve();
      await ready.promise;
    });
    await shelf.add(eventAt(1));
    await running;
    await failing.promise;
    assert.equal(said('connected to the broker'), false, 'not before it is ready');
    ready.resolve();
    await until('the event', async () => (await shelf.seen()).length === 1);
  });

  test('is ready while the broker is down, and facts travel when it is back', async () => {
    broker.takeDown();
    try {
      const { ready } = await run({ publishes: shelf.store, consumes: [consumer()] });
      await ready;
      await shelf.add(eventAt(1), eventAt(2, { aggregateId: 'thing-2' }));
      await until('the loss', () => said('the broker is away: facts wait'));
      assert.equal(await shelf.waiting(), 2);
    } finally {
      broker.bringBack();
    }
    await until('both events', async () => (await shelf.seen()).length === 2);
    await until('an empty outbox', async () => (await shelf.waiting()) === 0);
  });

  test('handles what it has begun, then closes the server, and then the store', async () => {
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const handle = async () => {
      begun.resolve();
      await end.promise;
      await shelf.store.ping();
      calls.push('handled');
    };
    const running = await run({ publishes: shelf.store, consumes: [{ ...consumer(), handle }] });
    await shelf.add(eventAt(1));
    await begun.promise;
    service = undefined;
    const closed = running.close();
    end.resolve();
    await closed;
    assert.deepEqual(calls, ['handled', 'server', 'release']);
  });

  test('counts what it sends and handles, and hands the trace on, to calls and to the log', async () => {
    const metrics = new Metrics();
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, baggage: 'a=b' };
    const handed: unknown[] = [];
    const handle: Consumes['handle'] = async (event, context) => {
      context.logger.info('handled');
      handed.push(context.trace);
      if (event.aggregateId === 'bad') throw new BadMessage('not for me');
    };
    await run({ publishes: shelf.store, consumes: [{ ...consumer(), handle }], metrics });
    const hostile = { ...trace, authorization: 'Bearer x' } as typeof trace;
    await shelf.add(eventAt(1, { trace: hostile }), eventAt(2), eventAt(3, { aggregateId: 'bad' }));
    const value = async (series: string) =>
      Number(
        (await metrics.render())
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    const group = 'messaging_system="rabbitmq",messaging_consumer_group_name="things.tests"';
    await until('the dead letter', async () => (await value(`messaging_dead_letters_total{${group}}`)) === 1);
    await until('both others', () => handed.length === 3);
    assert.deepEqual(handed, [trace, {}, {}]);
    const exchange = namesWith(broker.prefix).facts;
    const values: Record<string, number> = {
      [`messaging_client_sent_messages_total{messaging_system="rabbitmq",messaging_destination_name="${exchange}"}`]: 3,
      [`messaging_client_consumed_messages_total{${group}}`]: 3,
      [`messaging_process_duration_seconds_count{${group}}`]: 2,
      [`messaging_process_duration_seconds_count{${group},error_type="message"}`]: 1,
      outbox_waiting: 0,
      outbox_oldest_age_seconds: 0,
      outbox_parked: 0,
      outbox_let_go_total: 0,
    };
    for (const [series, expected] of Object.entries(values)) assert.equal(await value(series), expected, series);
    const line = log.lines().find(({ body }) => body === 'handled');
    assert.deepEqual([line?.traceId, line?.spanId], ['1'.repeat(32), '2'.repeat(16)]);
  });

  test('closes while the broker is down', async () => {
    broker.takeDown();
    try {
      const running = await run({ publishes: shelf.store, consumes: [consumer()] });
      await running.ready;
      await shelf.add(eventAt(1));
      service = undefined;
      await running.close();
    } finally {
      broker.bringBack();
    }
    assert.deepEqual(calls, ['server', 'release']);
  });

  test('runs without a broker, says so, and keeps its outbox from growing', async () => {
    const { ready } = await run({ broker: null, publishes: shelf.store });
    await ready;
    await shelf.add(eventAt(1));
    assert.ok(said('RABBITMQ_URL is not set: no facts are published or consumed'));
    await until('the event to be tried', () => said('no queue takes events of this type: they wait in the outbox'));
    assert.equal(await shelf.waiting(), 1);
  });
});
