import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { run } from './cli.ts';
import type { Operation } from './worker/operations.ts';

const report = { resource: 'brands', at: '', compared: 2, ranges: 1, lagging: 0, raced: 0, divergent: 0, listed: [] };
const done = (result: unknown): Partial<Operation> => ({ state: 'done', result });

describe('the command line', () => {
  /** What the worker of the test says of the operation of `brands`: the first reply, and then each look at it. */
  let worker: {
    begin: { status: number; body: unknown }[];
    looks: Partial<Operation>[];
    settle: number;
    attached: boolean;
    alarm: string | null;
  };
  let begun: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const reply = (status: number, json: unknown) => response.writeHead(status).end(JSON.stringify(json));
      if (request.headers.authorization !== 'Bearer the token') return reply(401, {});
      if (request.url === '/settle') {
        return worker.settle === 204 ? response.writeHead(204).end() : reply(503, { errors: [{ detail: 'behind' }] });
      }
      const operation = { verb: 'parity', state: 'running', step: null, done: 0, total: 0, ...worker.looks[0] };
      if (request.method === 'GET') {
        if (worker.looks.length > 1) worker.looks.shift();
        const one = {
          resource: 'brands',
          owner: 'monolith',
          backfill: worker.attached ? {} : null,
          open: 0,
          alarm: worker.alarm,
          lag: null,
          parity: null,
        };
        return reply(200, { resources: [{ ...one, parked: { count: 0 }, failure: null, operation }] });
      }
      begun.push(`${request.url} ${body}`);
      const { status, body: json } = worker.begin.shift() ?? { status: 202, body: operation };
      return reply(status, json);
    });
  });
  let env: NodeJS.ProcessEnv;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    env = { MIGRATOR_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, MIGRATION_TOKEN: 'the token' };
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    worker = { begin: [], looks: [{}], settle: 204, attached: true, alarm: null };
    begun = [];
  });

  const migrate = async (...args: string[]) => {
    const seen = { code: 0, out: '', error: '' };
    seen.code = await run(args, env, {
      out: (text) => {
        seen.out += text;
      },
      error: (text) => {
        seen.error += text;
      },
      interactive: false,
    });
    return seen;
  };

  test('a follower that stays behind its owner is in the status, which exits with 1', async () => {
    assert.equal((await migrate('status')).code, 0);
    worker.alarm = '9000 changes wait, the oldest for 40 s';
    const { code, out } = await migrate('status');
    assert.equal(code, 1);
    assert.match(out, /\n {2}the follower stays behind its owner: 9000 changes wait, the oldest for 40 s\n/);
  });

  test('a backfill that ends with equal sides says so and exits with 0', async () => {
    worker.looks = [{}, done({ ...report, clean: true })];
    const { code, out } = await migrate('backfill', 'brands', '--full');
    assert.deepEqual([code, out], [0, 'both sides hold the same 2 brands (1 key ranges compared)\n']);
    assert.deepEqual(begun, ['/resources/brands/backfill {"full":true}']);
  });

  test('sides that differ exit with 1, in words and as JSON', async () => {
    worker.looks = [done({ ...report, clean: false, divergent: 1, listed: [{ key: 'k', kind: 'missing' }] })];
    const { code, out } = await migrate('parity', 'brands');
    assert.deepEqual([code, /1 of 2 brands differ\n {2}missing {3}k\n/.test(out)], [1, true]);
    const json = await migrate('parity', 'brands', '--json');
    assert.deepEqual([json.code, JSON.parse(json.out).divergent], [1, 1]);
  });

  test('an operation that fails exits with 1 and its reason', async () => {
    worker.looks = [{ state: 'failed', result: 'the service refuses 1 brands: see status' }];
    const { code, error } = await migrate('backfill', 'brands');
    assert.deepEqual([code, error], [1, 'migrate: the service refuses 1 brands: see status\n']);
  });

  test('a command waits for the operation that is under way', async () => {
    worker.begin = [{ status: 409, body: { errors: [{ detail: 'switch of brands is under way' }] } }];
    worker.looks = [{ verb: 'switch' }, done({ ...report, clean: true })];
    assert.equal((await migrate('parity', 'brands')).code, 0);
    assert.equal(begun.length, 2);
  });

  test('sync exits with 1 and the reason why the follower is behind', async () => {
    assert.deepEqual(await migrate('sync', 'brands'), { code: 0, out: 'brands: both sides are in step\n', error: '' });
    worker.settle = 503;
    assert.deepEqual(await migrate('sync', 'brands'), { code: 1, out: '', error: 'migrate: behind\n' });
  });

  test('sync of a resource that does not move exits with 1 and says how it begins', async () => {
    worker.attached = false;
    const { code, error } = await migrate('sync', 'brands');
    assert.deepEqual([code, /not under way: run backfill brands first/.test(error)], [1, true]);
  });

  test('list names every resource and its service, without a worker', async () => {
    env = { ...env, MIGRATOR_URL: 'http://127.0.0.1:1' };
    const { code, out } = await migrate('list');
    assert.equal(code, 0);
    for (const line of [/^auth-clients .*to the auth service/m, /^brands .*to the brands service/m])
      assert.match(out, line);
    const down = await migrate('parity', 'brands');
    assert.equal(down.code, 1);
    assert.match(down.error, /the worker does not respond at http:\/\/127\.0\.0\.1:1: start the platform first/);
  });

  for (const args of [
    [],
    ['dance'],
    ['backfill'],
    ['backfill', 'nothing'],
    ['sync', 'nothing'],
    ['backfill', 'brands', '--prune'],
    ['switch', 'brands', 'nowhere'],
  ]) {
    test(`a usage error (${args.join(' ') || 'no arguments'}) exits with 2 and a reason`, async () => {
      const { code, error } = await migrate(...args);
      assert.equal(code, 2);
      assert.ok(error.length > 0);
      assert.deepEqual(begun, []);
    });
  }
});
