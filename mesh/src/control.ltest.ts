import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { adminClient } from './cli/admin-client.ts';
import type { JournalEntry } from './control/journal.ts';
import { cli } from './testing/cli.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
let state: string;
beforeEach(() => {
  closing = new Closing();
  state = mkdtempSync(join(tmpdir(), 'mesh-state-'));
  closing.add(() => rmSync(state, { recursive: true }));
});
afterEach(() => closing.close());

/** Two services that reply with their names, behind the route `token`, everything on the first. */
async function twoServices() {
  const old = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.end('old')),
  );
  const next = await upstreamServer(closing, (request, response) =>
    request.resume().on('end', () => response.end('new')),
  );
  const services = () => [service('old', [old.port]), service('new', [next.port])];
  const config = (weights = [100, 0]) =>
    meshConfig(services(), [
      route('token', [rule({ backendRefs: [backendRef('old', weights[0]), backendRef('new', weights[1])] })]),
    ]);
  return { old, next, config, start: () => testMesh(closing, config(), { state }) };
}

async function post(mesh: TestMesh, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(mesh.adminUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const reply = async (mesh: TestMesh) => (await fetch(mesh.url)).text();

describe('weights', () => {
  test('change by the command, are in the journal, and survive a restart', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    assert.equal(await reply(mesh), 'old');
    const moved = await cli(mesh, 'shift', 'token', 'new=100', '--who', 'ann', '--why', 'the move');
    assert.deepEqual(moved, { code: 0, out: 'token: old=0 new=100', err: '' });
    assert.equal(await reply(mesh), 'new');

    const { entries } = await adminClient(mesh.adminUrl, undefined).get<{ entries: JournalEntry[] }>('/journal');
    assert.equal(entries[0]?.what, 'weights');
    assert.equal(entries[0]?.who, 'ann');
    assert.equal(entries[0]?.why, 'the move');
    assert.deepEqual(entries[0]?.details, { route: 'token', from: { old: 100, new: 0 }, to: { old: 0, new: 100 } });

    await mesh.stop();
    const again = await start();
    assert.equal(await reply(again), 'new');
    assert.equal(again.mesh.changes.token?.who, 'ann');
  });

  test('services that are not named share the rest; invalid weights are refused, and nothing changes', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    assert.match((await cli(mesh, 'shift', 'token', 'new=30')).out, /old=70 new=30/);
    for (const [args, next] of [
      [['token', 'newer=10'], /has no backend "newer": it has old, new/],
      [['tokens', 'new=10'], /no route "tokens": the routes are token/],
      [['token', 'new=10x'], /Not a weight: new=10x[\s\S]*service=weight/],
      [['token', 'new=101'], /can only get the rest up to 100/],
      [['token', 'new=0', 'old=0'], /every weight would be 0/],
    ] as const) {
      const refused = await cli(mesh, 'shift', ...args);
      assert.equal(refused.code, 1);
      assert.match(refused.err, next);
    }
    assert.deepEqual(mesh.mesh.changes.token?.weights, { old: 70, new: 30 });
  });

  test('a change of a route that has changed since it was read is refused with 412', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    const etag = (await fetch(`${mesh.adminUrl}/routes/token`)).headers.get('etag') ?? '';
    assert.equal(
      (await post(mesh, '/routes/token/weights', { weights: { new: 10 } }, { 'if-match': etag })).status,
      200,
    );
    const stale = await post(mesh, '/routes/token/weights', { weights: { new: 20 } }, { 'if-match': etag });
    assert.equal(stale.status, 412);
    assert.deepEqual(mesh.mesh.changes.token?.weights, { old: 90, new: 10 });
  });

  test('divide requests as they say', async () => {
    let point = 0;
    const { config } = await twoServices();
    const mesh = await testMesh(closing, config([75, 25]), { random: () => point });
    for (const [at, expected] of [
      [0, 'new'],
      [0.249, 'new'],
      [0.25, 'old'],
      [0.999, 'old'],
    ] as const) {
      point = at;
      assert.equal(await reply(mesh), expected, String(at));
    }
  });

  test('no request is lost while they change', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    closing.add(() => agent.destroy());
    const replies = new Map<string, number>();
    let running = true;
    const worker = async () => {
      while (running) {
        const text = await new Promise<string>((resolve) => {
          const sent = httpRequest(mesh.url, { method: 'POST', agent }, (response) => {
            let body = '';
            response.on('data', (chunk) => {
              body += chunk;
            });
            response.on('end', () => resolve(`${response.statusCode} ${body}`));
          });
          sent.on('error', (error) => resolve(error.message));
          sent.end('grant_type=implicit');
        });
        replies.set(text, (replies.get(text) ?? 0) + 1);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    for (let weight = 5; weight <= 100; weight += 5) {
      const before = sum(replies);
      assert.equal((await post(mesh, '/routes/token/weights', { weights: { new: weight } })).status, 200);
      await until(() => sum(replies) > before + 20, 'requests go on');
    }
    running = false;
    await Promise.all(workers);
    assert.deepEqual([...replies.keys()].sort(), ['200 new', '200 old']);
    assert.equal(mesh.mesh.status.generation, 21);
  });

  test('are dropped when the documents change the weights of the route', async () => {
    const { start, config } = await twoServices();
    const mesh = await start();
    mesh.mesh.shift('token', { new: 100 }, { who: 'ann', why: '' });
    mesh.documents = { config: config([50, 50]) };
    await mesh.reload('test', '');
    assert.deepEqual(mesh.mesh.changes, {});
    assert.equal(mesh.mesh.config.routes[0]?.rules[0]?.backendRefs[0]?.weight, 50);
  });

  test('that cannot be read from the state folder stop the start, and the error says what to do', async () => {
    writeFileSync(join(state, 'weights.json'), '{"routes":');
    const { start } = await twoServices();
    await assert.rejects(start, /weights\.json is not what the mesh wrote: restore it, or delete it/);
  });

  test('a journal line cut short by a crash is skipped', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    await mesh.stop();
    appendFileSync(join(state, 'journal.jsonl'), '{"at":"20');
    const again = await start();
    again.mesh.shift('token', { new: 1 }, { who: 'ann', why: '' });
    const whole = readFileSync(join(state, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    assert.deepEqual(JSON.parse(whole.at(-1) ?? '').details.to, { old: 99, new: 1 });
  });
});

describe('documents', () => {
  test('bad ones change nothing; the status, the log and the metrics show them', async () => {
    const { start, config } = await twoServices();
    const mesh = await start();
    mesh.documents = { faults: ['gateway.yaml:3:1: kind: must be known'] };
    const refused = await post(mesh, '/reload', { who: 'ann' });
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /gateway.yaml:3:1/);
    assert.equal(await reply(mesh), 'old');
    assert.deepEqual(mesh.mesh.status.refused, ['gateway.yaml:3:1: kind: must be known']);
    assert.match(await (await fetch(`${mesh.adminUrl}/metrics`)).text(), /\nmesh_config_in_force 0\n/);
    assert.ok(
      mesh.log.lines.some(({ level, message }) => level === 'error' && message.startsWith('documents refused')),
    );
    assert.match((await cli(mesh, 'status')).out, /refused, and the last good ones are in force/);

    mesh.documents = { config: config([0, 100]) };
    assert.equal((await post(mesh, '/reload', {})).status, 200);
    assert.equal(await reply(mesh), 'new');
    assert.deepEqual(mesh.mesh.status.refused, []);
  });

  test('a request under way ends on the stack it began on, though its service is gone from the documents', async () => {
    const { start, next } = await twoServices();
    let release = () => {};
    next.server.removeAllListeners('request');
    next.server.on('request', (_request, response) => {
      release = () => response.end('late');
    });
    const mesh = await start();
    mesh.mesh.shift('token', { new: 100 }, { who: 'ann', why: '' });
    const late = reply(mesh);
    await until(() => mesh.inFlight() === 1, 'the request is under way');
    const other = await upstreamServer(closing, (_request, response) => response.end('other'));
    mesh.documents = {
      config: meshConfig(
        [service('other', [other.port])],
        [route('token', [rule({ backendRefs: [backendRef('other')] })])],
      ),
    };
    await mesh.reload('test', '');
    assert.equal(await reply(mesh), 'other');
    release();
    assert.equal(await late, 'late');
  });
});

describe('the admin port', () => {
  test('replies in JSON, to unknown paths too', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    const { operations } = (await (await fetch(mesh.adminUrl)).json()) as {
      operations: { path: string; methods: string[] }[];
    };
    for (const { path } of operations.filter(({ methods, path }) => methods.includes('GET') && !path.includes(':'))) {
      assert.equal((await fetch(mesh.adminUrl + path)).status, 200, path);
    }
    assert.equal((await fetch(`${mesh.adminUrl}/nothing`)).status, 404);
    assert.equal((await fetch(`${mesh.adminUrl}/stack`, { method: 'DELETE' })).status, 405);
  });

  test('takes changes as JSON only, so that a web page cannot send one unasked', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    const path = `${mesh.adminUrl}/routes/token/weights`;
    assert.equal((await fetch(path, { method: 'POST', body: '{"weights":{"new":1}}' })).status, 415);
    const headers = { 'content-type': 'application/json' };
    assert.equal((await fetch(path, { method: 'POST', headers, body: '{' })).status, 400);
    assert.equal((await fetch(path, { method: 'POST', headers, body: 'x'.repeat(70_000) })).status, 413);
    for (const body of ['[]', '{}', '{"weights":[1]}', '{"weights":{"new":"1"}}', '{"weights":{"new":1.5}}', 'null']) {
      assert.equal((await fetch(path, { method: 'POST', headers, body })).status, 422, body);
    }
    assert.deepEqual(mesh.mesh.changes, {});
  });

  test('reading and changing are separate rights once there are tokens', async () => {
    const { config } = await twoServices();
    const mesh = await testMesh(closing, config(), { adminToken: 'change-it', adminReadToken: 'read-it' });
    const as = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
    const get = async (headers: Record<string, string>) => (await fetch(`${mesh.adminUrl}/config`, { headers })).status;
    const change = async (headers: Record<string, string>) =>
      (await post(mesh, '/routes/token/weights', { weights: { new: 1 } }, headers)).status;
    assert.equal((await fetch(`${mesh.adminUrl}/health/ready`)).status, 200);
    assert.deepEqual(
      [await get({}), await get(as('wrong')), await get(as('read-it')), await get(as('change-it'))],
      [401, 401, 200, 200],
    );
    assert.deepEqual([await change({}), await change(as('read-it')), await change(as('change-it'))], [401, 401, 200]);
  });

  test('beyond loopback, without a token, it serves health only', async () => {
    const { config } = await twoServices();
    const mesh = await testMesh(closing, config(), { adminHost: '0.0.0.0' });
    assert.equal((await fetch(`${mesh.adminUrl}/health/live`)).status, 200);
    assert.equal((await fetch(`${mesh.adminUrl}/config`)).status, 401);
    assert.equal((await post(mesh, '/routes/token/weights', { weights: { new: 1 } })).status, 401);
  });

  test('explains the stack and one request', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    const { out } = await cli(mesh, 'explain');
    assert.match(
      out,
      /per request\n {2}access log: [\s\S]*per route\n[\s\S]*per attempt\n[\s\S]*per transport\n {2}upstream: /,
    );
    assert.match(
      (await cli(mesh, 'explain', 'POST', '/x')).out,
      /route token, rule 0: [\s\S]*100 % old: 127\.0\.0\.1:\d+/,
    );
    assert.match((await cli(mesh, 'explain', '--entrance', 'internal', 'http://new/')).out, /route new, rule 0/);
  });

  test('a mesh that is not there is an error with a next step', async () => {
    const { start } = await twoServices();
    const mesh = await start();
    await mesh.stop();
    const { code, err } = await cli(mesh, 'status');
    assert.equal(code, 1);
    assert.match(err, /No mesh replies at [\s\S]*MESH_ADMIN_URL/);
  });
});

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
