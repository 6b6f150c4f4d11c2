import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { isAlive } from './alive.ts';
import type { StackStatus } from './stack/status.ts';
import { fixture, freshFolder } from './testing.ts';
import { until } from './until.ts';

const main = resolve(import.meta.dirname, 'main.ts');
const limitMs = 60_000;

type Line = { event: string; process?: string; command?: string } & Partial<StackStatus>;

function dev(words: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, ...env }, stdio: 'pipe' });
  after(() => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
  child.stdin?.end();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** A launcher with `--json`: its output, and a way to wait for a line. */
async function launched(dataDir: string, ...more: string[]) {
  const file = ['--file', fixture('docker-compose.yml'), '--data', dataDir];
  const child = dev(['up', ...file, '--ports', 'auto', '--json', ...more]);
  const lines: Line[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(JSON.parse(line)));
  const line = async (wanted: (line: Line) => boolean, what: string): Promise<Line> => {
    await until(() => lines.some(wanted), { limitMs, what });
    return lines.find(wanted) as Line;
  };
  const up = await line(({ event }) => event === 'up', 'up');
  const { processes = {}, stores = {} } = up;
  const pids = [...Object.values(processes), ...Object.values(stores)].flatMap(({ pid }) =>
    pid === null ? [] : [pid],
  );
  return { child, lines, line, up, pids, processes, stores };
}

describe('up --json', () => {
  test('reports events, takes commands, and stops when its stdin ends', async () => {
    const { child, lines, line, up, pids, processes } = await launched(freshFolder());
    assert.deepEqual(
      lines.filter(({ event }) => event === 'ready').map((one) => one.process),
      ['postgres', 'shop', 'edge'],
    );
    assert.match(up.credentials ?? '', /clients\.json$/);
    child.stdin?.write('{"command":"restart","process":"shop","env":{"GREETING":"moin"}}\n');
    await line(({ command }) => command === 'restart', 'the reply');
    assert.match(await (await fetch(processes.shop?.url ?? '')).text(), /moin/);
    child.stdin?.write('{"command":"clone-database","from":"shop","to":"shop_copy"}\n');
    assert.equal((await line(({ command }) => command === 'clone-database', 'the reply')).event, 'reply');
    child.stdin?.end();
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    assert.equal(lines.at(-1)?.event, 'end');
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test('SIGTERM stops everything it started', async () => {
    const { child, pids } = await launched(freshFolder());
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test('after the launcher is killed, its processes end, and the next start works', async () => {
    const dataDir = freshFolder();
    const { child, pids } = await launched(dataDir);
    assert.equal(pids.length, 3);
    child.kill('SIGKILL');
    await until(() => pids.filter(isAlive).length === 0, { limitMs, what: 'everything has ended' });
    const next = await launched(dataDir);
    assert.equal(next.processes.edge?.state, 'ready');
    next.child.stdin?.end();
    await once(next.child, 'close');
  });
});

describe('commands beside a running stack', () => {
  test('a second start, status, run and stop', async () => {
    const dataDir = freshFolder();
    const { child, processes } = await launched(dataDir);
    const shop = processes.shop?.url ?? '';
    const place = ['--data', dataDir];

    const second = await ended(dev(['up', ...place, '--file', fixture('docker-compose.yml')]));
    assert.equal(second.code, 1);
    assert.match(second.said, /already running/);
    assert.ok(second.said.includes(shop));

    const status = await ended(dev(['status', ...place]));
    assert.ok(status.said.includes(shop));

    const unknown = await ended(dev(['run', ...place, 'missing']));
    assert.equal(unknown.code, 1);
    assert.match(unknown.said, /there is no process missing; there are/);

    const stop = await ended(dev(['stop', ...place]));
    assert.match(stop.said, /has stopped/);
    if (child.exitCode === null) await once(child, 'close');
    assert.equal((await ended(dev(['status', ...place]))).code, 1);
  });
});

describe('run without a running stack', () => {
  test('starts the dependencies of the one-shot, passes its exit code, and stops them', async () => {
    const place = ['--data', freshFolder(), '--file', fixture('storeless.yml')];
    const { code, said } = await ended(dev(['run', ...place, 'greet', '--', '6'], { GREETING: 'ahoy' }));
    assert.equal(code, 6);
    assert.match(said, /"greeting":"ahoy"/);
    assert.match(said, /shop: stopped/);
  });
});

describe('a start that fails', () => {
  const place = () => ['--data', freshFolder(), '--file', fixture('storeless.yml'), '--ports', 'auto'];

  test('prints the failure and the log first, stops everything, and exits with 1', async () => {
    const child = dev(['up', ...place()], { GREETING: 'refuse' });
    let said = '';
    child.stderr?.on('data', (chunk) => (said += chunk));
    const run = await ended(child);
    assert.equal(run.code, 1);
    const [first = '', second = ''] = said.split('\n');
    assert.equal(first, 'Banyan is not up. shop: exit code 3: refusing to start');
    assert.match(second, /^Look into .*shop\.log; then run npm start again\.$/);
    assert.doesNotMatch(run.said, /is up in|routes left to/);
  });

  test('with --json writes the event failed with its causes, and no event up', async () => {
    const child = dev(['up', ...place(), '--json'], { GREETING: 'refuse' });
    const lines: (Line & { causes?: unknown })[] = [];
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      lines.push(JSON.parse(line)),
    );
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    const causes = lines.find(({ event }) => event === 'failed')?.causes;
    assert.deepEqual(causes, [{ name: 'shop', reason: 'exit code 3: refusing to start' }]);
    assert.ok(!lines.some(({ event }) => event === 'up'));
    assert.equal(lines.at(-1)?.event, 'end');
  });
});

describe('stores', () => {
  test('--help after the dashes of npm prints the help', async () => {
    for (const words of [
      ['stores', '--', '--help'],
      ['stores', '--help'],
    ]) {
      const { code, said } = await ended(dev(words));
      assert.equal(code, 0, said);
      assert.match(said, /Usage: .*stores .*<command\.\.\.>/);
      assert.match(said, /BANYAN_TEST_STORES/);
    }
  });

  test('an unknown option and a missing program print one sentence', async () => {
    assert.match((await ended(dev(['stores', '--', '--hlep']))).said, /there is no option --hlep/);
    const env = { TEST_POSTGRES_URL: 'postgres://given@127.0.0.1:1/postgres' };
    const { code, said } = await ended(dev(['stores', '--', 'no-such-program'], env));
    assert.equal(code, 1);
    assert.match(said, /there is no program no-such-program/);
  });

  const script = `console.log(JSON.stringify([process.env.TEST_POSTGRES_URL, process.env.PATH.split(':')[0]])); process.exit(7)`;

  test('runs a command with a server of its own and passes its exit code', async () => {
    const env = { TEST_POSTGRES_URL: '', BANYAN_TEST_STORES: 'local' };
    const { code, said } = await ended(dev(['stores', '--', process.execPath, '-e', script], env));
    assert.equal(code, 7);
    const [, url = '', bin = ''] = said.match(/\["(postgres:.*?)","(.*?)"\]/) ?? [];
    assert.match(url, /^postgres:\/\/.*@127\.0\.0\.1:\d+\/postgres$/);
    assert.match(bin, /node_modules\/\.bin$/);
  });

  test('a server that is named already is used', async () => {
    const env = { TEST_POSTGRES_URL: 'postgres://given@127.0.0.1:1/postgres' };
    const { said } = await ended(dev(['stores', '--', process.execPath, '-e', script], env));
    assert.match(said, /postgres:\/\/given@/);
  });
});

describe('a wrong command line', () => {
  for (const words of [['fly'], ['up', '--size', 'huge'], ['up', '--env', 'nonsense'], ['stores']]) {
    test(`${words.join(' ')} ends with 2`, async () => assert.equal((await ended(dev(words))).code, 2));
  }

  test('an unknown process to follow is an error, and nothing is started', async () => {
    const place = ['--data', freshFolder(), '--file', fixture('storeless.yml')];
    const { code, said } = await ended(dev(['up', ...place, '--follow', 'shop,shoe']));
    assert.equal(code, 1);
    assert.match(said, /there is no process shoe to follow; there are shop, edge, greet/);
    assert.doesNotMatch(said, /ready/);
  });

  test('an unknown process is an error that lists the known ones', async () => {
    const { code, said } = await ended(
      dev(['up', '--data', freshFolder(), '--file', fixture('storeless.yml'), '--only', 'shoe']),
    );
    assert.equal(code, 1);
    assert.match(said, /there is no process shoe; there are shop, edge, greet/);
  });
});
