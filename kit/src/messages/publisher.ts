import { randomUUID } from 'node:crypto';
import type { ConfirmChannel, Options } from 'amqplib';
import { type Link, openLink } from './link.ts';
import { declareExchanges, type Names, namesWith } from './topology.ts';

export interface PublisherOptions {
  /** `amqp://user:password@host:port/vhost` */
  url: string;
  /** Shown in the broker's list of connections. */
  name: string;
  prefix?: string;
  /** A confirm may never come on a silent network. After this time the message counts as not published. */
  confirmTimeoutMs?: number;
  /** Called at each connection. */
  onReady?: () => void;
  /** Called when the connection is gone, and at each attempt that fails. */
  onLost?: (error: Error) => void;
  backOffMs?: number;
}

export interface Publisher {
  readonly names: Names;
  /** Resolves when it is connected for the first time. */
  readonly ready: Promise<void>;
  /**
   * Resolves when the broker has stored the message: true if a queue took it, false if there is none for it.
   *
   * @throws Error when the broker is away, refuses the message or does not confirm it in time: it may be stored or not
   */
  publish(exchange: string, routingKey: string, content: Buffer, properties: Options.Publish): Promise<boolean>;
  close(): Promise<void>;
}

/** A connection for publishing alone: an alarm of the broker stops publishers, and must not stop consumers. */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { url, name, prefix, confirmTimeoutMs = 5_000, onReady = () => {}, onLost, backOffMs } = options;
  const names = namesWith(prefix);
  /** Ids of messages that the broker gave back. It does so before it confirms them. */
  const returned = new Set<string>();
  let full: Promise<void> | null = null;
  const ready = Promise.withResolvers<void>();

  const link: Link = await openLink({
    url,
    name,
    ...(onLost === undefined ? {} : { onLost }),
    ...(backOffMs === undefined ? {} : { backOffMs }),
    setup: async (channel) => {
      full = null;
      channel.on('return', (message) => returned.add(String(message.properties.correlationId)));
      await declareExchanges(channel, names);
    },
    onReady: () => {
      ready.resolve();
      onReady();
    },
  });

  const confirmed = (channel: ConfirmChannel, args: Parameters<Publisher['publish']>, id: string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no confirm within ${confirmTimeoutMs} ms`));
        link.renew();
      }, confirmTimeoutMs);
      const [exchange, key, content, properties] = args;
      const stored = (error: unknown) => {
        clearTimeout(timer);
        if (error) reject(error instanceof Error ? error : new Error('the broker refused the message'));
        else resolve();
      };
      const all = { persistent: true, ...properties, mandatory: true, correlationId: id };
      try {
        if (!channel.publish(exchange, key, content, all, stored)) full ??= drained(channel);
      } catch (error) {
        stored(error);
      }
    });

  return {
    names,
    ready: ready.promise,
    publish: async (...args) => {
      await full;
      const { channel } = link;
      if (channel === null) throw new Error('the broker is away');
      const id = randomUUID();
      try {
        await confirmed(channel, args, id);
        return !returned.has(id);
      } finally {
        returned.delete(id);
      }
    },
    close: () => link.close(),
  };

  function drained(channel: ConfirmChannel): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        full = null;
        channel.off('drain', go);
        channel.off('close', go);
        resolve();
      };
      channel.on('drain', go);
      channel.on('close', go);
    });
  }
}
