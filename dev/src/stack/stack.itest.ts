import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pg from 'pg';
import { isAlive } from '../alive.ts';
import { fixture, freshFolder } from '../testing.ts';
import { until } from '../until.ts';
import type { StackEvent } from './events.ts';
import type { StackOptions } from './options.ts';
import { type Stack, startStack } from './stack.ts';

const variables = { ...process.env, POSTGRES_URL: undefined };
const limitMs = 30_000;

async function withStack(
  options: StackOptions,
  work: (stack: Stack, events: StackEvent[]) => Promise<void>,
): Promise<void> {
  const events: StackEvent[] = [];
  const stack = await startStack({
    composeFile: fixture('docker-compose.yml'),
    ports: 'auto',
    variables,
    // Except where the data are for a next start: what need not last is not waited for.
    throwaway: true,
    onEvent: (event) => events.push(event),
    ...options,
  });
  try {
    await work(stack, events);
  } finally {
    await stack.stop();
  }
}

interface Shop {
  greeting: string;
  database: string;
}

async function ask(stack: Stack, name: string): Promise<Shop> {
  return (await (await fetch(stack.processes[name]?.url ?? '')).json()) as Shop;
}

async function query(stack: Stack, database: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: `${stack.status().stores.postgres?.url}/${database}` });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a topology with its store', () => {
  test('comes up, keeps its data for the next start, and leaves nothing running', async () => {
    const dataDir = freshFolder();
    const pids: number[] = [];
    await withStack({ dataDir, size: 'reference', throwaway: false }, async (stack) => {
      assert.deepEqual(await ask(stack, 'shop'), { greeting: 'hello', database: 'shop' });
      assert.deepEqual(
        Object.entries(stack.processes).map(([name, { state }]) => [name, state]),
        [
          ['databases', 'done'],
          ['shop', 'ready'],
          ['seed', 'done'],
          ['edge', 'ready'],
        ],
      );
      await query(stack, 'shop', 'create table kept as select 5 as value');
      const credentials = JSON.parse(readFileSync(stack.credentials ?? '', 'utf8')) as { arguments: string[] };
      assert.deepEqual(credentials.arguments, ['--size', 'reference']);
      pids.push(stack.status().stores.postgres?.pid ?? 0, stack.processes.edge?.pid ?? 0);
    });
    assert.deepEqual(pids.filter(isAlive), []);
    await withStack({ dataDir, throwaway: false }, async (stack) => {
      assert.deepEqual(await query(stack, 'shop', 'select value from kept'), [{ value: 5 }]);
    });
  });

  test('starts in the order of dependencies and stops in the reverse', async () => {
    await withStack({ dataDir: freshFolder() }, async (stack, events) => {
      const order = (wanted: string) =>
        events.flatMap((e) => (e.event === wanted && 'process' in e ? [e.process] : []));
      const at = (kind: string, name: string) =>
        events.findIndex((e) => e.event === kind && 'process' in e && e.process === name);
      assert.ok(at('ready', 'postgres') < at('starting', 'databases'));
      assert.ok(at('done', 'databases') < at('starting', 'shop'));
      assert.ok(at('ready', 'shop') < at('starting', 'edge'));
      await stack.stop();
      assert.deepEqual(order('stopped'), ['edge', 'shop', 'postgres']);
    });
  });

  test('a process whose store is missing stays down with the reason, and the rest runs', async () => {
    await withStack({ dataDir: freshFolder(), profiles: ['queue'] }, async (stack) => {
      assert.match(stack.status().stores.queue?.reason ?? '', /image unheard-of:1: use docker compose/);
      assert.match(stack.processes.consumer?.reason ?? '', /needs queue/);
      assert.equal(stack.processes.edge?.state, 'ready');
    });
  });

  test('a task that fails keeps its dependents down', async () => {
    const env = { databases: { POSTGRES_URL: 'postgres://stranger@127.0.0.1:1' } };
    await withStack({ dataDir: freshFolder(), env }, async (stack) => {
      assert.equal(stack.processes.databases?.state, 'failed');
      assert.match(stack.processes.shop?.reason ?? '', /needs databases: .*ECONNREFUSED/);
    });
  });

  test('a task runs after a process that it is only started after, also when that fails', async () => {
    const composeFile = join(freshFolder(), 'docker-compose.yml');
    const program = (code: string) => JSON.stringify(['node', '-e', code]);
    writeFileSync(
      composeFile,
      `services:
  shaky:
    build: .
    command: ${program('process.exit(3)')}
    ports: ["3000:3000"]
    healthcheck: { test: ["CMD", "check", "http://127.0.0.1:3000/"] }
  steady: { build: ., command: ${program('setInterval(() => {}, 1000)')} }
  stage: { build: ., restart: "no", command: ${program('console.log("entered")')}, x-after: [shaky, steady, absent] }
  absent: { build: ., command: ${program('')}, profiles: [other] }
`,
    );
    await withStack({ composeFile, dataDir: freshFolder(), firstPauseMs: 1 }, async (stack, events) => {
      assert.deepEqual([stack.processes.stage?.state, stack.processes.steady?.state], ['done', 'ready']);
      const at = (kind: string, name: string) =>
        events.findIndex((event) => event.event === kind && 'process' in event && event.process === name);
      assert.ok(at('exited', 'shaky') < at('starting', 'stage'));
      assert.ok(at('ready', 'steady') < at('starting', 'stage'));
    });
  });

  test('a failure is reported by its root cause alone, however long the chain', async () => {
    const given = { ...variables, POSTGRES_URL: 'postgres://stranger:hush@no-such-host.invalid:1' };
    await withStack({ dataDir: freshFolder(), variables: given }, async (stack) => {
      assert.equal(stack.status().stores.postgres?.state, 'down');
      const [cause, ...more] = stack.failures;
      assert.equal(cause?.name, 'postgres');
      assert.match(
        cause?.reason ?? '',
        /^POSTGRES_URL \(no-such-host\.invalid:1\): .*; correct POSTGRES_URL, or unset it/,
      );
      assert.deepEqual(more, []);
      assert.equal(stack.processes.edge?.reason, `needs postgres: ${cause?.reason}`);
      assert.doesNotMatch(JSON.stringify(stack.processes), /hush/);
    });
  });

  test('a server named by POSTGRES_URL is used and left alone', async () => {
    await withStack({ dataDir: freshFolder(), only: ['postgres'] }, async (owner) => {
      const url = owner.status().stores.postgres?.url;
      await withStack({ dataDir: freshFolder(), variables: { ...variables, POSTGRES_URL: url } }, async (stack) => {
        assert.equal(stack.status().stores.postgres?.source, 'POSTGRES_URL');
        assert.equal((await ask(stack, 'shop')).database, 'shop');
      });
      assert.deepEqual(await query(owner, 'postgres', 'select 1 as one'), [{ one: 1 }]);
    });
  });

  test('the server of the npm package is used when the machine has none', async () => {
    await withStack({ dataDir: freshFolder(), variables: { ...variables, BANYAN_POSTGRES: 'npm' } }, async (stack) => {
      assert.match(stack.status().stores.postgres?.source ?? '', /from npm$/);
      assert.equal((await ask(stack, 'shop')).database, 'shop');
    });
  });

  test('a store that crashes is started again, and its processes recover', async () => {
    await withStack({ dataDir: freshFolder(), firstPauseMs: 1 }, async (stack, events) => {
      process.kill(stack.status().stores.postgres?.pid ?? 0, 'SIGKILL');
      const again = () => events.some((event) => event.event === 'restarted' && event.process === 'postgres');
      await until(again, { limitMs, what: 'the store is started again' });
      assert.equal((await ask(stack, 'shop')).database, 'shop');
    });
  });

  test('throwaway data are deleted at the end', async () => {
    const dataDir = freshFolder();
    const data: string[] = [];
    await withStack({ dataDir, throwaway: true }, async (stack) => {
      data.push(stack.folder, stack.status().stores.postgres?.data ?? '');
      assert.deepEqual(
        data.map((path) => existsSync(path)),
        [true, true],
      );
    });
    assert.deepEqual(
      data.map((path) => existsSync(path)),
      [false, false],
    );
  });

  test('a throwaway stack refuses a folder that is not empty, and keeps its contents', async () => {
    const dataDir = freshFolder();
    mkdirSync(join(dataDir, 'default', 'volumes'), { recursive: true });
    writeFileSync(join(dataDir, 'default', 'volumes', 'precious'), '7');
    await assert.rejects(
      withStack({ dataDir }, async () => {}),
      /is not empty/,
    );
    await assert.rejects(
      withStack({ dataDir, stack: '..' }, async () => {}),
      /a stack's name is letters/,
    );
    assert.equal(readFileSync(join(dataDir, 'default', 'volumes', 'precious'), 'utf8'), '7');
  });

  test('a folder of data without its version is not replaced', async () => {
    const dataDir = freshFolder();
    const folders: string[] = [];
    await withStack({ dataDir, only: ['postgres'], throwaway: false }, async (stack) => {
      folders.push(stack.status().stores.postgres?.data ?? '');
    });
    const [data = ''] = folders;
    rmSync(join(data, 'PG_VERSION'));
    await withStack({ dataDir, only: ['postgres'], throwaway: false }, async (stack) => {
      assert.match(stack.status().stores.postgres?.reason ?? '', /no PostgreSQL data: move them away/);
    });
    assert.ok(existsSync(join(data, 'base')));
  });

  test('data go where the server can reach them when the stack lies in a folder closed to others', async () => {
    const dataDir = freshFolder(0o700);
    await withStack({ dataDir, throwaway: true, only: ['postgres'] }, async (stack) => {
      const { state, data } = stack.status().stores.postgres ?? {};
      assert.equal(state, 'ready');
      // Only root runs the server as another user.
      assert.equal(data?.startsWith(dataDir), process.getuid?.() !== 0);
    });
  });

  test('a database is copied while both are in use, and copied again over the old copy', async () => {
    await withStack({ dataDir: freshFolder(), profiles: ['copy'] }, async (stack) => {
      for (const value of [1, 2]) {
        await query(stack, 'shop', `drop table if exists kept; create table kept as select ${value} as value`);
        await stack.cloneDatabase('shop', 'shop_copy');
        assert.deepEqual(await query(stack, 'shop_copy', 'select value from kept'), [{ value }]);
      }
      assert.equal((await ask(stack, 'copy')).database, 'shop_copy');
      assert.equal((await ask(stack, 'shop')).database, 'shop');
      await assert.rejects(stack.cloneDatabase('missing', 'shop_copy'), /missing/);
    });
  });

  test('a password that does not belong to the data is reported as such', async () => {
    const dataDir = freshFolder();
    await withStack({ dataDir, only: ['postgres'], throwaway: false }, async () => {});
    const other = { ...variables, FIXTURE_PASSWORD: 'another' };
    await withStack({ dataDir, only: ['postgres'], variables: other, throwaway: false }, async (stack) => {
      assert.match(stack.status().stores.postgres?.reason ?? '', /refuses the password/);
    });
  });
});
