import { eventOf } from '../messages/envelope.ts';
import { namesWith } from '../messages/topology.ts';
import type { NewEvent } from '../store/events.ts';
import { createTestRabbitmq, type TestBroker } from './rabbitmq.ts';

/** A broker whose facts a test receives, all of them, from the start. */
export interface FactsBroker {
  broker: TestBroker;
  /** Settings of a program that publishes there. */
  env: { RABBITMQ_URL: string; RABBITMQ_PREFIX: string };
  /** In the order in which they came, repetitions included. */
  received: NewEvent[];
  /** @param queues of consumers, which go as well */
  drop(queues?: readonly string[]): Promise<void>;
}

/** @throws Error when TEST_RABBITMQ_URL is not set */
export async function openFactsBroker(): Promise<FactsBroker> {
  const broker = await createTestRabbitmq();
  const { facts, deadExchange, deadQueue, queueOf } = namesWith(broker.prefix);
  const received: NewEvent[] = [];
  const channel = await broker.connection.createChannel();
  await channel.assertExchange(facts, 'topic', { durable: true });
  const mine = queueOf('received');
  await channel.assertQueue(mine, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(mine, facts, '#');
  await channel.consume(mine, (message) => {
    // Without a message: the queue was deleted, at the end.
    if (message === null) return;
    received.push(eventOf(message.content));
    channel.ack(message);
  });
  return {
    broker,
    env: { RABBITMQ_URL: broker.url, RABBITMQ_PREFIX: broker.prefix },
    received,
    drop: (queues = []) =>
      broker.drop({ queues: [mine, deadQueue, ...queues.map(queueOf)], exchanges: [facts, deadExchange] }),
  };
}
