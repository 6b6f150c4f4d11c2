import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { openTcpProxy } from './tcp-proxy.ts';

/** The real server, with a tag for the keys of one test and a way to it that can be taken away. */
export interface TestRedis {
  /** Through the proxy. */
  url: string;
  /** Begins the keys of the test, in braces. */
  tag: string;
  /** The server itself, for the test. */
  client: Redis;
  takeDown(): void;
  /** Commands arrive and run, and their replies are lost. */
  loseReplies(): void;
  /** Connections stay, and nothing comes through. */
  silence(): void;
  bringBack(): void;
  /** Deletes the keys and the functions of the tag, and closes. */
  drop(): Promise<void>;
}

/** @throws Error when TEST_REDIS_URL is not set: a test that needs a store must not pass without one */
export async function createTestRedis(): Promise<TestRedis> {
  const url = process.env.TEST_REDIS_URL;
  if (!url) throw new Error('TEST_REDIS_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  const proxy = await openTcpProxy(url);
  const client = new Redis(url);
  const tag = `test-${randomBytes(6).toString('hex')}`;

  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) }).toString(),
    tag,
    client,
    takeDown: proxy.cut,
    loseReplies: proxy.mute,
    silence: proxy.silence,
    bringBack: proxy.restore,
    drop: async () => {
      const keys = await client.keys(`{${tag}}:*`);
      if (keys.length > 0) await client.del(...keys);
      const libraries = (await client.function('LIST', 'LIBRARYNAME', `${tag.replace('-', '_')}_*`)) as string[][];
      for (const [, name] of libraries) if (name) await client.function('DELETE', name);
      await client.quit();
      await proxy.close();
    },
  };
}
