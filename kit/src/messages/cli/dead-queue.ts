import { setTimeout as pause } from 'node:timers/promises';
import { type Channel, connect, type GetMessage } from 'amqplib';
import { type DeadLetter, letterOf, resend } from '../dead-letter.ts';
import { openPublisher, type Publisher } from '../publisher.ts';
import { declareExchanges, namesWith } from '../topology.ts';

/** Dead letters that are held back for the duration of a command. */
export interface DeadQueue {
  /** In the order in which they came, at most `limit`. */
  letters: readonly { letter: DeadLetter; body: string; message: GetMessage }[];
  /** Whether there are more. */
  more: boolean;
  /** Sends it to the queue that it came from, and removes it here. False if that queue is gone: it stays. */
  resend(message: GetMessage): Promise<boolean>;
  drop(message: GetMessage): void;
}

export interface DeadQueueOptions {
  url: string;
  prefix?: string;
  limit: number;
}

/** Takes the dead letters, runs `work`, and gives back those that it did not resend or drop. */
export async function withDeadQueue<Result>(
  { url, prefix, limit }: DeadQueueOptions,
  work: (queue: DeadQueue) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => {});
  let publisher: Promise<Publisher> | undefined;
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    const names = namesWith(prefix);
    await declareExchanges(channel, names);
    const { letters, more } = await takeAll(channel, names.deadQueue, limit);
    const result = await work({
      letters,
      more,
      resend: async (message) => {
        publisher ??= connected(url, prefix);
        const taken = await resend(await publisher, message);
        if (taken) channel.ack(message);
        return taken;
      },
      drop: (message) => channel.ack(message),
    });
    // Waits for the acknowledgements: frames of a connection's end may overtake those of a channel.
    await channel.close();
    return result;
  } finally {
    await (await publisher)?.close();
    // The broker takes back what was not acknowledged.
    await connection.close();
  }
}

async function connected(url: string, prefix: string | undefined): Promise<Publisher> {
  const publisher = await openPublisher({ url, name: 'dead letters', ...(prefix === undefined ? {} : { prefix }) });
  const late = pause(5_000, undefined, { ref: false }).then(() => {
    throw new Error('the broker accepts no second connection');
  });
  await Promise.race([publisher.ready, late]);
  return publisher;
}

async function takeAll(channel: Channel, queue: string, limit: number) {
  const letters: { letter: DeadLetter; body: string; message: GetMessage }[] = [];
  while (letters.length <= limit) {
    const message = await channel.get(queue);
    if (message === false) return { letters, more: false };
    letters.push({ letter: letterOf(message), body: message.content.toString('utf8'), message });
  }
  return { letters: letters.slice(0, limit), more: true };
}
