import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, test } from 'node:test';
import { credentials, type FakeMesh, startFakeMesh, testTokens, tokenIssuer, until } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';
import { FakeOwner, orderShown } from './testing-orders.ts';

const { admin: adminToken, shopper: shopperToken } = testTokens;

interface Job {
  id: string;
  status: string;
  error?: string;
  link: { href: string };
}

const callAt = async (url: string, method: string, path: string, body?: unknown, token = adminToken) => {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
};
const ask = async (url: string, filter?: string): Promise<Job> => {
  const { status, body } = await callAt(url, 'POST', '/v2/jobs', { data: { job_type: 'order_export', filter } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data;
};
const jobAt = async (url: string, id: string): Promise<Job> => (await callAt(url, 'GET', `/v2/jobs/${id}`)).body.data;
const ended = (url: string, id: string) =>
  until('the job to end', async () => {
    const job = await jobAt(url, id);
    return job.status === 'complete' || job.status === 'failed' ? job : null;
  });
const linesAt = async (url: string, id: string) =>
  (await callAt(url, 'GET', `/v2/jobs/${id}/file/content`)).text.split('\r\n').slice(1, -1);

describe('the jobs service', () => {
  let mesh: FakeMesh;
  let owner: FakeOwner;
  let jobs: Instance;
  let offsetMs = 0;
  before(async () => {
    owner = new FakeOwner();
    owner.put(orderShown(), orderShown({ payment: 'paid' }));
    mesh = await startFakeMesh({ monolith: tokenIssuer, orders: owner.service });
    jobs = await startInstance(mesh.url, { LOOK_EVERY_MS: '20' }, { now: () => Date.now() + offsetMs });
    await jobs.service.ready;
  });
  after(async () => {
    await jobs.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer, orders: owner.service };
  });
  const url = () => jobs.service.url;

  test('waits with a job while the owner of the orders cannot be asked, and then runs it', async () => {
    mesh.services = { monolith: tokenIssuer };
    const { id } = await ask(url());
    await until('the log to say so', () => jobs.lines.some((line) => line.includes('jobs wait')));
    assert.equal((await jobAt(url(), id)).status, 'pending');
    mesh.services.orders = owner.service;
    assert.equal((await ended(url(), id)).status, 'complete');
    assert.equal((await linesAt(url(), id)).length, 2);
  });

  test('keeps files for a week, and deletes them then', async () => {
    const { id } = await ask(url());
    await ended(url(), id);
    assert.ok((await jobAt(url(), id)).link.href.endsWith('/file'));
    offsetMs += 7 * 24 * 3_600_000;
    assert.equal((await jobAt(url(), id)).link.href, '');
    for (const path of ['/file', '/file/content']) {
      const { status, body } = await callAt(url(), 'GET', `/v2/jobs/${id}${path}`);
      assert.deepEqual([status, body.errors[0].detail], [404, 'The file has expired']);
    }
    const { store } = jobs.service;
    const pieces = async () => (await Array.fromAsync(store.pieces(id))).length;
    assert.equal(await pieces(), 1);
    await store.expire();
    assert.equal(await pieces(), 0);
    assert.equal((await jobAt(url(), id)).status, 'complete');
  });

  test('fails a job whose process ends three times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jobs-'));
    mesh.services = { monolith: tokenIssuer };
    const instance = await startInstance(mesh.url, { DATA_FOLDER: folder });
    await instance.service.ready;
    const { store } = instance.service;
    const { id } = await ask(instance.service.url);
    const begun = [await store.begin(id), await store.begin(id), await store.begin(id)];
    assert.deepEqual(
      begun.map((job) => job?.attempts),
      [1, 2, 3],
    );
    const [first] = begun;
    assert.ok(first);
    assert.equal(await store.write(first, 0, 'of an earlier beginning'), false);
    assert.equal(await store.begin(id), undefined);
    const { status, error } = await jobAt(instance.service.url, id);
    assert.deepEqual([status, error], ['failed', 'The export was interrupted again and again']);
    await instance.close();
    await rm(folder, { recursive: true });
  });

  test('runs no job that another system owns', async () => {
    const instance = await startInstance(mesh.url, { MIGRATION_TOKEN: 'm'.repeat(20), LOOK_EVERY_MS: '10' });
    await instance.service.ready;
    const { store } = instance.service;
    const { ownership } = await store.moves.ownership('jobs');
    await store.moves.changeOwnership('jobs', ownership, { epoch: 1, state: 'follower', wayBack: false });
    const state = {
      ...{ job_type: 'order_export', filter: '', status: 'processing', error: null, attempts: 1, leased_until: null },
      pieces: null,
      ...{ created_at: '2026-01-01T00:00:00.000001Z', updated_at: '2026-01-01T00:00:00.000001Z', replies: [] },
    };
    const key = '0b0b0b0b-0000-4000-8000-00000000000a';
    await store.moves.apply('jobs', 1, [{ key, version: 2 ** 40 + 1, state }]);
    assert.equal(
      (await callAt(instance.service.url, 'POST', '/v2/jobs', { data: { job_type: 'order_export' } })).status,
      421,
    );
    assert.equal((await store.next())?.attempts, 1);
    await assert.rejects(store.begin(key), { code: 'misdirected' });
    // The file of a complete job comes in pieces.
    const other = '0b0b0b0b-0000-4000-8000-00000000000b';
    const now = new Date().toISOString().replace('Z', '000Z');
    const complete = { ...state, status: 'complete', pieces: 2, created_at: now };
    const content = () => callAt(instance.service.url, 'GET', `/v2/jobs/${other}/file/content`);
    const change = (key: string, counter: number, given: object) =>
      store.moves.apply('jobs', 1, [{ key, version: 2 ** 40 + counter, state: given as Record<string, unknown> }]);
    await change(other, 2, complete);
    await change(`${other}/000000`, 3, { content: 'a' });
    assert.equal((await content()).status, 421);
    await change(`${other}/000001`, 4, { content: 'b' });
    assert.equal((await content()).text, 'ab');
    const follower = { epoch: 1, state: 'follower', wayBack: false } as const;
    await store.moves.changeOwnership('jobs', follower, { epoch: 2, state: 'owner', wayBack: true });
    // The other system cannot write it any more, so nothing is waited for.
    await until('the job to be finished here', async () => (await store.find(key))?.status === 'complete');
    assert.equal((await store.find(key))?.attempts, 2);
    await instance.close();
  });

  test('reports sales to administrators', async () => {
    await ended(url(), (await ask(url())).id);
    const path = '/internal/reports/sales';
    const { status, body } = await callAt(url(), 'GET', `${path}?by=currency`);
    assert.deepEqual([status, body.data], [200, [{ key: 'USD', currency: 'USD', orders: 1, items: 2, amount: 1_000 }]]);
    assert.equal((await callAt(url(), 'GET', path, undefined, shopperToken)).status, 403);
    assert.equal((await callAt(url(), 'GET', path, undefined, 'c'.repeat(40))).status, 401);
    for (const query of ['by=tea', 'by=constructor', 'from=soon', 'to=2026-13-45', "from=2026-01-01'--"]) {
      assert.equal((await callAt(url(), 'GET', `${path}?${query}`)).status, 400, query);
    }
  });

  test('reports the orders of a shop that is filled after the start, though no fact tells of them', async () => {
    const shop = new FakeOwner();
    const others = await startFakeMesh({ monolith: tokenIssuer, orders: shop.service });
    const instance = await startInstance(others.url, { LOOK_EVERY_MS: '20', REFRESH_EVERY_MS: '86400000' });
    const sales = async () => (await callAt(instance.service.url, 'GET', '/internal/reports/sales')).body.data;
    await until('the service to find no orders', () => shop.asked.length > 1);
    assert.deepEqual(await sales(), []);
    shop.put(orderShown({ payment: 'paid' }), orderShown({ payment: 'paid' }));
    await until('the orders in the report', async () => (await sales())[0]?.orders === 2);
    await instance.close();
    others.close();
  });

  test('documents its routes, and writes no token into its log', async () => {
    const { body } = await callAt(url(), 'GET', '/docs/json');
    assert.ok(Object.keys(body.paths).includes('/v2/jobs/{id}'));
    const log = jobs.lines.join('');
    for (const secret of [adminToken, shopperToken, credentials.INTROSPECTION_CLIENT_SECRET]) {
      assert.ok(!log.includes(secret), secret);
    }
  });
});

describe('the process of the jobs service', () => {
  let mesh: FakeMesh;
  let folder: string;
  const children: ChildProcess[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jobs-'));
    mesh = await startFakeMesh({ monolith: tokenIssuer });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    mesh.close();
    await rm(folder, { recursive: true });
  });

  /** A process on the folder. Resolves with its address when it listens. */
  const start = async () => {
    const child = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname], {
      env: { ...process.env, ...credentials, PORT: '0', DATA_FOLDER: folder, MESH_URL: mesh.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const { body, attributes } = JSON.parse(line);
      if (body === 'listening') return { child, exited, url: attributes.url as string };
    }
    return { child, exited, url: '' };
  };

  test('is killed while a job is processing: the next one finishes it, and each order is in the file once', async () => {
    const owner = new FakeOwner();
    const orders = Array.from({ length: 1_500 }, (_, n) =>
      orderShown({ name: `${n} ${'x'.repeat(2_000)}`, atMs: 1_700_000_000_000 + n }),
    );
    owner.put(...orders);
    mesh.services = { monolith: tokenIssuer, orders: owner.service };
    const one = await start();
    let killed: string | undefined;
    const done: string[] = [];
    // A job may be over before it is seen at work; then another one is made.
    await until(
      'a job to be processing',
      async () => {
        const { id } = await ask(one.url);
        for (let status = 'pending'; status === 'pending' || status === 'processing'; ) {
          status = (await jobAt(one.url, id)).status;
          if (status !== 'processing') continue;
          one.child.kill('SIGKILL');
          killed = id;
          return true;
        }
        done.push(id);
        return false;
      },
      60_000,
    );
    await one.exited;
    assert.ok(killed);
    const two = await start();
    assert.equal((await ended(two.url, killed)).status, 'complete');
    for (const id of [...done, killed]) {
      assert.deepEqual(
        (await linesAt(two.url, id)).map((line) => line.slice(0, 36)),
        orders.map(({ data }) => data.id),
      );
    }
    two.child.kill('SIGTERM');
    assert.deepEqual((await two.exited)[0], 0);
  });

  test('ends when another one has the file, and makes no empty store in place of a missing folder', async () => {
    const one = await start();
    const two = await start();
    assert.deepEqual((await two.exited)[0], 1);
    assert.equal((await callAt(one.url, 'GET', '/health/ready')).status, 200);
    one.child.kill('SIGTERM');
    await one.exited;
    const away = await startInstance(mesh.url, { DATA_FOLDER: join(folder, 'missing') });
    assert.equal((await callAt(away.service.url, 'GET', '/health/ready')).status, 503);
    assert.equal((await callAt(away.service.url, 'GET', '/v2/jobs')).status, 503);
    await away.close();
  });
});
