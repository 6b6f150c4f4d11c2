import { randomBytes } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';
import { openTcpProxy } from './tcp-proxy.ts';

/** The real broker, with a prefix for the names of one test and a way to it that can be taken away. */
export interface TestBroker {
  /** Through the proxy. */
  url: string;
  /** Of all exchanges and queues. */
  prefix: string;
  /** The broker itself, for the test. */
  connection: ChannelModel;
  /** The number of messages that wait in a queue, without those that a consumer holds. */
  waitingIn(queue: string): Promise<number>;
  takeDown(): void;
  /** Connections stay, and nothing comes through. */
  silence(): void;
  bringBack(): void;
  /** Deletes the queues and exchanges with the given names, and closes. */
  drop(names: { queues: readonly string[]; exchanges: readonly string[] }): Promise<void>;
}

/** @throws Error when TEST_RABBITMQ_URL is not set: a test that needs a broker must not pass without one */
export async function createTestRabbitmq(): Promise<TestBroker> {
  const url = process.env.TEST_RABBITMQ_URL;
  if (!url) throw new Error('TEST_RABBITMQ_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  const proxy = await openTcpProxy(url);
  const connection = await connect(url, { noDelay: true });
  connection.on('error', () => {});
  const channel = await connection.createChannel();

  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) }).toString(),
    prefix: `test-${randomBytes(6).toString('hex')}.`,
    connection,
    waitingIn: async (queue) => (await channel.checkQueue(queue)).messageCount,
    takeDown: proxy.cut,
    silence: proxy.silence,
    bringBack: proxy.restore,
    drop: async ({ queues, exchanges }) => {
      try {
        for (const queue of queues) await channel.deleteQueue(queue);
        for (const exchange of exchanges) await channel.deleteExchange(exchange);
      } finally {
        await connection.close().catch(() => {});
        await proxy.close();
      }
    },
  };
}
