import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { isAlive } from '../alive.ts';
import { freshFolder } from '../testing.ts';
import { until } from '../until.ts';
import { cannotHave, readyStore, storeStack } from './store-stack.ts';

const limitMs = 60_000;

async function redis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => null });
  client.on('error', () => {});
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

describe('Redis', () => {
  test('has the settings of the Compose file, keeps its data through a kill and a new start, and stops whole', async (t) => {
    const dataDir = freshFolder();
    const variables = { REDIS_PASSWORD: 'p@ss/"w\\ord' };
    const pids: number[] = [];
    const first = await storeStack('redis', dataDir, variables);
    try {
      if (cannotHave(first, 'redis', t)) return;
      const { url, pid } = readyStore(first, 'redis');
      await redis(url, async (client) => {
        const setting = async (name: string) => ((await client.config('GET', name)) as string[])[1];
        const names = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy', 'save', 'bind'];
        assert.deepEqual(
          Object.fromEntries(await Promise.all(names.map(async (name) => [name, await setting(name)]))),
          {
            appendonly: 'yes',
            appendfsync: 'always',
            maxmemory: String(256 * 1024 ** 2),
            'maxmemory-policy': 'noeviction',
            save: '',
            bind: '127.0.0.1',
          },
        );
        await client.set('kept', '5');
      });
      // Every user can see it.
      assert.doesNotMatch(execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }), /p@ss/);
      await assert.rejects(
        redis(url.replace(/default:.*@/, ''), (client) => client.get('kept')),
        /NOAUTH/,
      );

      process.kill(pid ?? 0, 'SIGKILL');
      const again = () => {
        const now = first.status().stores.redis;
        return now?.state === 'ready' && now.pid !== pid;
      };
      await until(again, { limitMs, what: 'Redis is ready again' });
      assert.equal(await redis(url, (client) => client.get('kept')), '5');
      pids.push(pid ?? 0, readyStore(first, 'redis').pid ?? 0);
    } finally {
      await first.stop();
    }
    assert.deepEqual(pids.filter(isAlive), []);

    const second = await storeStack('redis', dataDir, { REDIS_PASSWORD: 'another' });
    try {
      assert.equal(await redis(readyStore(second, 'redis').url, (client) => client.get('kept')), '5');
    } finally {
      await second.stop();
    }
  });

  test('that cannot be had stays down and says how to get it', async () => {
    const stack = await storeStack('redis', freshFolder(), { BANYAN_REDIS: 'debian', PATH: '/nowhere' });
    try {
      const { state, reason } = stack.status().stores.redis ?? {};
      assert.equal(state, 'down');
      assert.match(reason ?? '', /no Redis server: set REDIS_URL .*apt-get install redis-server/);
    } finally {
      await stack.stop();
    }
  });

  test('of a URL is asked first, and its password stands in no reason', async (t) => {
    const owner = await storeStack('redis', freshFolder());
    try {
      if (cannotHave(owner, 'redis', t)) return;
      const url = readyStore(owner, 'redis').url;
      const answerTo = async (given: string) => {
        const stack = await storeStack('redis', freshFolder(), { REDIS_URL: given });
        const { state, reason, source } = stack.status().stores.redis ?? {};
        await stack.stop();
        return (state === 'ready' ? source : reason) ?? '';
      };
      assert.equal(await answerTo(url), 'REDIS_URL');
      const wrong = await answerTo(url.replace(/:[^:@]*@/, ':wr0ng@'));
      assert.match(wrong, /^REDIS_URL \(127\.0\.0\.1:\d+\): .*WRONGPASS.*; correct REDIS_URL, or unset it/);
      assert.doesNotMatch(wrong, /wr0ng/);
    } finally {
      await owner.stop();
    }
  });
});
