import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { isAlive } from '../alive.ts';
import { freshFolder } from '../testing.ts';
import { until } from '../until.ts';
import { cannotHave, readyStore, storeStack } from './store-stack.ts';

const limitMs = 120_000;

async function channel<T>(url: string, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection: ChannelModel = await connect(url);
  connection.on('error', () => {});
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}

/** Processes of this machine with the text in their command line or environment (Linux). */
function processesWith(text: string): number[] {
  const pids = execFileSync('ps', ['-e', '-o', 'pid='], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
  return pids.filter((pid) => {
    try {
      return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text));
    } catch {
      return false;
    }
  });
}

describe('RabbitMQ', () => {
  test('keeps confirmed messages through a kill and a new start, and stops whole, epmd included', async (t) => {
    const dataDir = freshFolder();
    const stack = `queue-${randomBytes(6).toString('hex')}`;
    const variables = { RABBITMQ_PASSWORD: 'p@ss/\'"#word' };
    const first = await storeStack('rabbitmq', dataDir, variables, { stack });
    try {
      if (cannotHave(first, 'rabbitmq', t)) return;
      const { url, pid, data } = readyStore(first, 'rabbitmq');
      await channel(url, async (one) => {
        await one.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
        one.sendToQueue('kept', Buffer.from('first'), { persistent: true });
        await one.waitForConfirms();
      });
      // RabbitMQ 3.10 writes a new queue's name into its own list five seconds later; a queue that is not in the list
      // when the server is killed has no leader afterwards.
      const names = join(data ?? '', 'mnesia/rabbit@localhost/quorum/rabbit@localhost/names.dets');
      await until(() => readFileSync(names, 'latin1').includes('2F_kept'), { limitMs, what: 'the queue is listed' });
      // Every user can see it.
      assert.doesNotMatch(execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' }), /p@ss/);

      process.kill(pid ?? 0, 'SIGKILL');
      const again = () => {
        const now = first.status().stores.rabbitmq;
        return now?.state === 'ready' && now.pid !== pid;
      };
      await until(again, { limitMs, what: 'RabbitMQ is ready again' });
      await channel(url, async (one) => {
        one.sendToQueue('kept', Buffer.from('second'), { persistent: true });
        await one.waitForConfirms();
      });
    } finally {
      await first.stop();
    }
    await until(() => processesWith(stack).length === 0, { limitMs, what: 'every process has ended' });

    const second = await storeStack('rabbitmq', dataDir, variables, { stack });
    try {
      await channel(readyStore(second, 'rabbitmq').url, async (one) => {
        // The queue counts its messages a moment after it can be used.
        await until(async () => (await one.checkQueue('kept')).messageCount === 2, { limitMs, what: 'two messages' });
        const texts = [await one.get('kept', { noAck: true }), await one.get('kept', { noAck: true })];
        assert.deepEqual(
          texts.map((message) => message && `${message.content}`),
          ['first', 'second'],
        );
      });
      await second.kill('rabbitmq');
    } finally {
      await second.stop();
    }
    await until(() => processesWith(stack).length === 0, { limitMs, what: 'every process has ended' });

    const third = await storeStack('rabbitmq', dataDir, { RABBITMQ_PASSWORD: 'another' }, { stack });
    try {
      assert.match(third.status().stores.rabbitmq?.reason ?? '', /refuses the password/);
    } finally {
      await third.stop();
    }
  });

  test('whose first start is broken off begins anew', async (t) => {
    const dataDir = freshFolder();
    let pid = 0;
    const stack = await storeStack(
      'rabbitmq',
      dataDir,
      {},
      {
        onEvent: (event) => {
          if (event.event === 'starting' && pid === 0) pid = event.pid;
        },
        readyTimeoutMs: 1,
      },
    );
    try {
      if (cannotHave(stack, 'rabbitmq', t)) return;
      await stack.kill('rabbitmq');
    } finally {
      await stack.stop();
    }
    assert.ok(!isAlive(pid));
    const next = await storeStack('rabbitmq', dataDir);
    try {
      const { url } = readyStore(next, 'rabbitmq');
      await channel(url, (one) => one.assertQueue('q', { durable: true }));
    } finally {
      await next.stop();
    }
  });

  test('that cannot be had stays down and says how to get it', async () => {
    const stack = await storeStack('rabbitmq', freshFolder(), { BANYAN_RABBITMQ: 'debian', PATH: '/nowhere' });
    try {
      const { state, reason } = stack.status().stores.rabbitmq ?? {};
      assert.equal(state, 'down');
      assert.match(reason ?? '', /no RabbitMQ server: set RABBITMQ_URL .*apt-get install rabbitmq-server/);
    } finally {
      await stack.stop();
    }
  });
});
