import type { Message } from 'amqplib';
import type { Publisher } from './publisher.ts';

/** Why and where a message could not be handled, as a person reads it. */
export interface DeadLetter {
  /** The event's id. Empty if the message has none. */
  id: string;
  type: string;
  /** The queue whose consumer could not handle it. */
  queue: string;
  reason: string;
  /** Failures of the handler. 0 if the broker or the message itself was the reason. */
  failures: number;
  /** ISO 8601 */
  at: string;
}

const reasonHeader = 'x-banyan-reason';
const queueHeader = 'x-banyan-queue';
const failuresHeader = 'x-banyan-failures';
const atHeader = 'x-banyan-dead-at';

/** Publishes the message as a dead letter. Acknowledge the original after that. */
export async function publishDead(
  publisher: Publisher,
  message: Message,
  letter: Pick<DeadLetter, 'queue' | 'reason' | 'failures' | 'at'>,
): Promise<void> {
  const routed = await publisher.publish(publisher.names.deadExchange, letter.queue, message.content, {
    ...propertiesOf(message),
    headers: {
      [queueHeader]: letter.queue,
      [reasonHeader]: letter.reason,
      [failuresHeader]: letter.failures,
      [atHeader]: letter.at,
    },
  });
  if (!routed) throw new Error('there is no queue for dead letters');
}

/** Sends a dead letter to the queue that it came from, and to no other. Returns false if that queue is gone. */
export function resend(publisher: Publisher, message: Message): Promise<boolean> {
  // The headers stay behind: the broker's counts of deliveries would go on from where they were.
  return publisher.publish('', letterOf(message).queue, message.content, propertiesOf(message));
}

export function letterOf({ properties }: Message): DeadLetter {
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
  // Written by the broker when a message reached the limit of deliveries.
  const [death] = (headers['x-death'] ?? []) as { queue?: string; reason?: string; time?: { value?: number } }[];
  const atS = death?.time?.value;
  return {
    id: String(properties.messageId ?? ''),
    type: String(properties.type ?? ''),
    queue: String(headers[queueHeader] ?? death?.queue ?? ''),
    reason: String(headers[reasonHeader] ?? `the broker gave up: ${death?.reason ?? 'unknown'}`),
    failures: Number(headers[failuresHeader] ?? 0),
    at: String(headers[atHeader] ?? (atS === undefined ? '' : new Date(atS * 1_000).toISOString())),
  };
}

function propertiesOf({ properties }: Message) {
  const { messageId, type, contentType, timestamp } = properties;
  return { messageId, type, contentType, timestamp };
}
