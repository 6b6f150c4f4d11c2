import type { Consumer, Handle } from '../messages/consumer.ts';
import { MessageMeters } from '../messages/meters.ts';
import type { Publisher } from '../messages/publisher.ts';
import type { Published, Relay } from '../messages/relay.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Broker } from '../service/common-settings.ts';
import type { Store } from '../store/store.ts';

/** A consumer of facts. See `startConsumer`. */
export interface Consumes {
  /** Names the queue, such as `things.search`. The same for all instances. */
  name: string;
  /** Types of events, or patterns such as `things.*`. */
  types: readonly string[];
  /** Counts failures of `handle`, and says when what it needs is back. */
  store: Pick<Store, 'failures' | 'forget' | 'ping'>;
  /** Resolves after its commit. It may be called again with the same event: see `newerOnly` and `eachOnce`. */
  handle: Handle;
}

/** What a service does with facts. */
export interface MessageParts {
  /** The service's name. */
  name: string;
  /** Where facts travel (`brokerOf`). Null: none are published or consumed. */
  broker?: Broker | null;
  /** The store whose outbox is published. */
  publishes?: Published;
  consumes?: readonly Consumes[];
  /** Of the process, where the messages are counted as well. */
  metrics?: Metrics;
  logger: Logger;
}

export interface Messages {
  /** Takes no more messages, and waits for those that are being handled. */
  stopConsuming(): Promise<void>;
  /** Stops publishing. What is left in the outbox waits there. */
  close(): Promise<void>;
}

/**
 * Publishes and consumes, from the moment when the service is ready. The broker is not waited for: while it is down,
 * events wait in the outbox and in the queues.
 */
export function startMessages(parts: MessageParts, ready: Promise<void>, stopped: AbortSignal): Messages {
  const { name, broker = null, publishes, consumes = [], metrics, logger } = parts;
  if (publishes === undefined && consumes.length === 0) return { stopConsuming: async () => {}, close: async () => {} };
  if (broker === null) logger.info('RABBITMQ_URL is not set: no facts are published or consumed');
  const meters = new MessageMeters(metrics);
  let publisher: Publisher | undefined;
  let relay: Relay | undefined;
  const consumers: Consumer[] = [];

  const start = async () => {
    if (broker === null) {
      const { noPublisher, startRelay } = await import('../messages/relay.ts');
      if (publishes) relay = startRelay({ store: publishes, publisher: noPublisher, logger, meters });
      return;
    }
    // A service without a broker does not load the client of one.
    const { openPublisher, startConsumer, startRelay } = await import('../messages/messages.ts');
    publisher = await openPublisher({ ...broker, name, ...reported(logger) });
    if (publishes) relay = startRelay({ store: publishes, publisher, logger, meters });
    for (const { name: consumer, ...rest } of consumes) {
      if (stopped.aborted) return;
      consumers.push(await startConsumer({ url: broker.url, publisher, consumer, logger, meters, ...rest }));
    }
  };
  let started: Promise<void> | undefined;
  void ready.then(() => {
    if (stopped.aborted) return;
    // The URL was checked, so what fails here is a fault of the program: the service goes on, and the log says why.
    started = start().catch((error: unknown) => logger.error({ err: error }, 'facts do not travel'));
  });

  return {
    stopConsuming: async () => {
      await started;
      await Promise.all(consumers.map((consumer) => consumer.close()));
    },
    close: async () => {
      await started;
      await relay?.close();
      // Consumers publish their dead letters, so it is the last.
      await publisher?.close();
    },
  };
}

/** Logs that the broker is away, once and not at each attempt to reach it, and that it is back. */
function reported(logger: Logger) {
  let isAway = false;
  return {
    onReady: () => {
      isAway = false;
      logger.info('connected to the broker');
    },
    onLost: (error: Error) => {
      if (!isAway) logger.warn({ err: error }, 'the broker is away: facts wait');
      isAway = true;
    },
  };
}
