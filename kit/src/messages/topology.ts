import type { Channel } from 'amqplib';

/**
 * The names of everything in the broker. A prefix keeps tests apart.
 *
 * Arguments of a queue never change: a declaration with others is refused. So the version is part of the name.
 */
export interface Names {
  /** Topic exchange: all facts, by type. */
  facts: string;
  /** Fanout exchange of messages that could not be handled. */
  deadExchange: string;
  /** The one queue of those. */
  deadQueue: string;
  /** @param consumer such as `things.search` */
  queueOf(consumer: string): string;
}

export const namesWith = (prefix = ''): Names => ({
  facts: `${prefix}facts.v1`,
  deadExchange: `${prefix}dead.v1`,
  deadQueue: `${prefix}dead-letters.v1`,
  queueOf: (consumer) => `${prefix}${consumer}.v1`,
});

/**
 * Deliveries before the broker makes a dead letter of a message by itself. A crash of a consumer counts as a delivery of
 * all messages that it held, so a small limit would take messages that no handler has seen. Failures of handlers have a
 * limit of their own.
 */
const deliveryLimit = 100;

/** Each look of a person at the dead letters counts as a delivery of all of them. */
const deadDeliveryLimit = 1_000_000_000;

/** Declares what publishers need. */
export async function declareExchanges(channel: Channel, names: Names): Promise<void> {
  await channel.assertExchange(names.facts, 'topic', { durable: true });
  await channel.assertExchange(names.deadExchange, 'fanout', { durable: true });
  await channel.assertQueue(names.deadQueue, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': deadDeliveryLimit },
  });
  await channel.bindQueue(names.deadQueue, names.deadExchange, '');
}

/** Declares a consumer's queue. Types are those of events, or patterns such as `things.*`. */
export async function declareQueue(
  channel: Channel,
  names: Names,
  consumer: string,
  types: readonly string[],
): Promise<string> {
  await declareExchanges(channel, names);
  const queue = names.queueOf(consumer);
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': deliveryLimit,
      'x-dead-letter-exchange': names.deadExchange,
      'x-dead-letter-routing-key': queue,
      // By default the broker may lose a dead letter.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  });
  for (const type of types) await channel.bindQueue(queue, names.facts, type);
  return queue;
}
