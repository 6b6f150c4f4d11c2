import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type CuttableProxy, openProxy } from './testing/cuttable-proxy.ts';
import { testPostgresUrl } from './testing/open-shop.ts';

const mainFile = fileURLToPath(new URL('./main.ts', import.meta.url));
const limitMs = 20_000;

/**
 * Polls until `done` accepts the reply. `ask` must wait for something outside the process, so that the event loop
 * runs.
 */
async function until<T>(what: string, ask: () => Promise<T>, done: (reply: T) => boolean): Promise<T> {
  const limit = AbortSignal.timeout(limitMs);
  for (;;) {
    const reply = await ask();
    if (done(reply)) return reply;
    if (limit.aborted) assert.fail(`${what} did not happen; the last reply was ${JSON.stringify(reply)}`);
  }
}

function run(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [mainFile, ...args], { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
}

async function finished(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const text = async (stream: NodeJS.ReadableStream | null) => (stream === null ? '' : readText(stream));
  const exited = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, out, err };
}

describe('the command', () => {
  test('refuses a configuration with faults, naming all of them', async () => {
    const { code, out, err } = await finished(run([], { PORT: 'x', DEBTS_PAID: 'nope' }));
    assert.equal(code, 1);
    assert.equal(out, '');
    for (const key of ['PORT=x', 'DATABASE_URL=', 'DEBTS_PAID=nope']) assert.ok(err.includes(key), err);
    assert.doesNotMatch(err, /at .*\.ts/);
  });

  test('lists the debts, for people and for programs', async () => {
    const listed = await finished(run(['--debts', '--json'], {}));
    const debts = JSON.parse(listed.out);
    assert.deepEqual(Object.keys(debts[0]).sort(), ['name', 'number', 'path', 'summary', 'tunable']);
    assert.equal(debts[0].name, 'slow-secret-hash');
    const table = await finished(run(['--debts'], {}));
    assert.equal(table.code, 0);
    assert.match(table.out, /^ 2 {2}token-table-unindexed +token {2}tunable {2}/m);
  });

  test('prints its usage', async () => {
    assert.equal((await finished(run(['--help'], {}))).code, 0);
    const wrong = await finished(run(['--port', '1'], {}));
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /^usage:/);
  });
});

describe('the process', () => {
  const database = `monolith_test_${randomBytes(8).toString('hex')}`;
  let proxy: CuttableProxy;
  let child: ChildProcess;
  let url: string;
  const lines: { body: string; attributes?: { url?: string }; severityNumber: number }[] = [];

  const serverUrl = testPostgresUrl();
  const storeUrl = Object.assign(new URL(serverUrl), { pathname: `/${database}` }).toString();
  const connected = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const onServer = (statement: string) => connected(serverUrl, (client) => client.query(statement));
  /** Counts rows without the proxy, so that it works while the shop cannot reach its store. */
  const onStore = (statement: string) =>
    connected(storeUrl, async (client) => (await client.query(statement)).rowCount);
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, body: (await response.json()) as { errors?: { status: number }[] } };
  };
  const ready = async () => (await get('/health/ready')).status;
  const grant = async () => {
    const response = await fetch(`${url}/oauth/access_token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'implicit', client_id: 'storefront' }),
    });
    return { status: response.status, body: (await response.json()) as { errors: { status: number }[] } };
  };

  before(async () => {
    const store = new URL(serverUrl);
    await onServer(`create database ${database}`);
    proxy = await openProxy({ host: store.hostname, port: Number(store.port || 5432) });
    await proxy.cut();
    const databaseUrl = Object.assign(new URL(store), { host: `127.0.0.1:${proxy.port}`, pathname: `/${database}` });
    child = run([], { DATABASE_URL: databaseUrl.toString(), PORT: '0', LOG_LEVEL: 'info' });
    const listening = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout ?? assert.fail('no output') }).on('line', (line) => {
        lines.push(JSON.parse(line));
        // Fastify logs its own line as soon as the port is open, which here precedes the start of the store.
        const match = /^Server listening at (.+)$/.exec(lines.at(-1)?.body ?? '');
        if (match?.[1]) resolve(match[1]);
      });
    });
    url = await listening;
  });
  after(async () => {
    child.kill('SIGKILL');
    await proxy.close();
    await onServer(`drop database ${database} with (force)`);
  });

  /** Blocks every request for a token in the middle of its work while `work` runs. */
  const holdingTokens = <T>(work: (waiting: () => Promise<number>) => Promise<T>): Promise<T> =>
    connected(storeUrl, async (holder) => {
      await holder.query('begin; lock table access_tokens in access exclusive mode');
      return work(async () => {
        const text = "select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'";
        return (await holder.query(text, [database])).rowCount ?? 0;
      });
    });

  test('starts while its store is down: alive, not ready, 503 to clients', async () => {
    assert.equal((await get('/health/live')).status, 200);
    const { status, body } = await get('/health/ready');
    assert.equal(status, 503);
    assert.ok('reason' in body);
    const granted = await grant();
    assert.equal(granted.status, 503);
    assert.equal(granted.body.errors[0]?.status, 503);
    assert.ok(!lines.some(({ body }) => body === 'listening'), 'it does not say that it serves');
  });

  test('serves once the store is there', async () => {
    await proxy.restore();
    await until('readiness', ready, (status) => status === 200);
    const saidSo = async () => {
      await get('/health/live');
      return lines.some((line) => line.body === 'listening' && line.attributes?.url === url);
    };
    await until('the line that says so', saidSo, (said) => said);
  });

  test('survives the loss of its store, half-writes nothing, and recovers by itself', async () => {
    await onStore(`insert into api_clients (name, client_id, secret_hash, identifier_kinds)
                   values ('S', 'storefront', '', '{implicit}')`);
    assert.equal((await grant()).status, 200);
    const caught = await holdingTokens(async (waiting) => {
      const inFlight = grant();
      await until('the request waits', waiting, (n) => n === 1);
      await proxy.cut();
      return () => inFlight;
    });
    const { status, body } = await caught();
    assert.equal(status, 503);
    assert.equal(body.errors[0]?.status, 503);
    assert.doesNotMatch(JSON.stringify(body), /ECONN|terminated|\.ts/);

    assert.equal(await ready(), 503);
    assert.equal((await get('/health/live')).status, 200);
    assert.equal((await grant()).status, 503);
    assert.equal(await onStore('select 1 from access_tokens'), 1);

    await proxy.restore();
    await until('readiness', ready, (code) => code === 200);
    assert.equal((await grant()).status, 200);
  });

  test('finishes what is in flight when asked to stop, and exits with 0', { timeout: limitMs }, async () => {
    const exited = once(child, 'exit');
    const unused = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    await once(unused, 'connect');
    const replied = await holdingTokens(async (waiting) => {
      const inFlight = grant();
      await until('the request waits', waiting, (n) => n === 1);
      child.kill('SIGTERM');
      const refused = () =>
        get('/health/live').then(
          ({ status }) => status !== 200,
          () => true,
        );
      await until('new requests are refused', refused, (yes) => yes);
      return () => inFlight;
    });
    assert.equal((await replied()).status, 200);
    // Clients would keep both connections: the one of the request, and one that was never used.
    assert.deepEqual(await exited, [0, null]);
    assert.equal(lines.at(-1)?.body, 'stopped');
  });
});
