import type { Channel, ConsumeMessage } from 'amqplib';
import { processSpans, type Spans } from '../mesh/spans.ts';
import { type TraceContext, traceContext, traceIds } from '../mesh/trace.ts';
import type { Logger } from '../observe/log.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import type { NewEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { publishDead } from './dead-letter.ts';
import { eventOf } from './envelope.ts';
import { type FailureKind, failureKind, reasonOf } from './failures.ts';
import { Forgetting } from './forgetting.ts';
import { openLink } from './link.ts';
import { inProcessSpan } from './message-spans.ts';
import { MessageMeters } from './meters.ts';
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
  handle: Handle;
  logger: Logger;
  /** Messages that are handled at once. A crash gives as many back. */
  prefetch?: number;
  /** Failures of the handler before the message becomes a dead letter. */
  maxFailures?: number;
  backOffMs?: number;
  maxBackOffMs?: number;
  meters?: MessageMeters;
  spans?: Spans;
  now?: Clock;
}

/** What a handler passes on. */
export interface HandlingContext {
  /** Headers of the request that caused the fact, for the calls that handling it makes (`MeshRequest.trace`). */
  trace: TraceContext;
  /** Writes the ids of that trace on every line. */
  logger: Logger;
}

export type Handle = (event: NewEvent, context: HandlingContext) => Promise<void>;

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
  const { backOffMs = 100, maxBackOffMs = 5_000, spans = processSpans } = options;
  const stop = new AbortController();
  const pauses = new Pauses({ backOffMs, maxBackOffMs, signal: stop.signal });
  const forgetting = new Forgetting(store, now);
  const running = new Set<Promise<void>>();
  const queue = publisher.names.queueOf(consumer);
  const meters = (options.meters ?? new MessageMeters()).consumer(consumer);

  const handleOnce = async (message: ConsumeMessage, onEvent: (event: NewEvent) => void): Promise<void> => {
    const event = eventOf(message.content);
    onEvent(event);
    // The envelope comes from outside: only what a request may pass on is passed on.
    await inProcessSpan(spans, event, { queue, caused: traceContext({ ...event.trace }) }, (trace) =>
      handle(event, { trace, logger: logger.child({ consumer, event: event.id, ...traceIds({ ...trace }) }) }),
    );
  };

  /** Tries until the message is handled or is a dead letter. Returns false if the consumer closes before that. */
  const settle = async (message: ConsumeMessage): Promise<boolean> => {
    for (let attempt = 1; !stop.signal.aborted; attempt++) {
      let event: NewEvent | undefined;
      const begunAtMs = performance.now();
      const measure = (failure: FailureKind | null) => meters.handled(failure, (performance.now() - begunAtMs) / 1_000);
      try {
        await handleOnce(message, (sound) => {
          event = sound;
        });
        measure(null);
        return true;
      } catch (error) {
        measure(failureKind(error));
        const failures = await counted(failureKind(error), event, error);
        if (failures !== null) {
          const letter = { queue, reason: reasonOf(error), failures, at: new Date(now()).toISOString() };
          await pauses.untilDone(() => publishDead(publisher, message, letter));
          if (stop.signal.aborted) return false;
          meters.deadLetters.value += 1;
          logger.error({ ...namesOf(event), ...letter }, 'a message is a dead letter');
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
    if (failures > 0) logger.warn({ ...namesOf(event), failures, err: error }, 'a message was not handled');
    return failures >= maxFailures ? failures : null;
  };

  const namesOf = (event: NewEvent | undefined) => ({
    ...{ consumer, event: event?.id, type: event?.type },
    ...traceIds({ ...event?.trace }),
  });

  const take = (channel: Channel, message: ConsumeMessage) => {
    meters.received.value += 1;
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
