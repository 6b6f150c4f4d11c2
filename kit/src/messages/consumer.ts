import type { Channel, ConsumeMessage } from 'amqplib';
import { traceIds } from '../mesh/trace.ts';
import type { Logger } from '../observe/log.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import type { NewEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { publishDead } from './dead-letter.ts';
import { eventOf } from './envelope.ts';
import { type FailureKind, failureKind, reasonOf } from './failures.ts';
import { Forgetting } from './forgetting.ts';
import { openLink } from './link.ts';
import { Pauses } from './pauses.ts';
import type { Publisher } from './publisher.ts';
import { declareQueue } from './topology.ts';

export interface ConsumerOptions {
  url: string;
  /** For dead letters. */
  publisher: Publisher;
  /** Names the queue and the inbox's rows, such as `things.search`. The same for all instances. */
  consumer: string;
  /** Types of events, or patterns such as `things.*`. */
  types: readonly string[];
  store: Pick<Store, 'failures' | 'forget' | 'ping'>;
  /** Resolves after its commit. It may be called again with the same event: see `newerOnly` and `eachOnce`. */
  handle: (event: NewEvent) => Promise<void>;
  logger: Logger;
  /** Messages that are handled at once. A crash gives as many back. */
  prefetch?: number;
  /** Failures of the handler before the message becomes a dead letter. */
  maxFailures?: number;
  backOffMs?: number;
  maxBackOffMs?: number;
  now?: Clock;
}

export interface Consumer {
  /** Takes no more messages, waits for those that are being handled, and closes. */
  close(): Promise<void>;
}

/**
 * Consumes a queue. A message is acknowledged after the commit of its effect, so a crash repeats it. While the store or
 * a peer is away messages wait and no failure is counted.
 */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { publisher, consumer, store, handle, logger, prefetch = 8, maxFailures = 5, now = systemClock } = options;
  const { backOffMs = 100, maxBackOffMs = 5_000 } = options;
  const stop = new AbortController();
  const pauses = new Pauses({ backOffMs, maxBackOffMs, signal: stop.signal });
  const forgetting = new Forgetting(store, now);
  const running = new Set<Promise<void>>();
  const queue = publisher.names.queueOf(consumer);

  /** Tries until the message is handled or is a dead letter. Returns false if the consumer closes before that. */
  const settle = async (message: ConsumeMessage): Promise<boolean> => {
    for (let attempt = 1; !stop.signal.aborted; attempt++) {
      let event: NewEvent | undefined;
      try {
        event = eventOf(message.content);
        await handle(event);
        return true;
      } catch (error) {
        const failures = await counted(failureKind(error), event, error);
        if (failures !== null) {
          const letter = { queue, reason: reasonOf(error), failures, at: new Date(now()).toISOString() };
          await pauses.untilDone(() => publishDead(publisher, message, letter));
          if (stop.signal.aborted) return false;
          const ids = traceIds({ ...event?.trace });
          logger.error(
            { consumer, event: event?.id, type: event?.type, ...letter, ...ids },
            'a message is a dead letter',
          );
          return true;
        }
      }
      await pauses.before(attempt);
    }
    return false;
  };

  /** The number of failures if the message is to become a dead letter, and null if it is to be tried again. */
  const counted = async (kind: FailureKind, event: NewEvent | undefined, error: unknown): Promise<number | null> => {
    if (kind === 'message' || event === undefined) return 0;
    if (kind === 'surroundings') {
      await pauses.untilDone(() => store.ping());
      return null;
    }
    let failures = 0;
    await pauses.untilDone(async () => {
      failures = await store.failures.record(consumer, event.id, reasonOf(error));
    });
    if (failures > 0) logger.warn({ consumer, event: event.id, failures, err: error }, 'a message was not handled');
    return failures >= maxFailures ? failures : null;
  };

  const take = (channel: Channel, message: ConsumeMessage) => {
    const work = settle(message)
      .then(async (settled) => {
        if (settled) channel.ack(message);
        await forgetting.step();
      })
      // The channel is gone: the broker delivers the message again.
      .catch((error: unknown) => logger.warn({ consumer, err: error }, 'a message was handled and may come again'));
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
  };

  let current: { channel: Channel; tag: string } | null = null;
  let isAway = false;
  const link = await openLink({
    url: options.url,
    name: consumer,
    backOffMs,
    maxBackOffMs,
    onLost: (error) => {
      // Once, and not at each attempt.
      if (!isAway) logger.warn({ consumer, err: error }, 'the consumer has no channel');
      isAway = true;
    },
    onReady: () => {
      isAway = false;
    },
    setup: async (channel) => {
      await declareQueue(channel, publisher.names, consumer, options.types);
      await channel.prefetch(prefetch);
      const { consumerTag } = await channel.consume(queue, (message) => {
        // Without a message: the queue was deleted.
        if (message === null) link.renew();
        else if (!stop.signal.aborted) take(channel, message);
      });
      current = { channel, tag: consumerTag };
    },
  });

  return {
    close: async () => {
      if (current) await current.channel.cancel(current.tag).catch(() => {});
      stop.abort();
      await Promise.all(running);
      await link.close();
    },
  };
}
