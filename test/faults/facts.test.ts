import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  createTestMariadb,
  type FactsBroker,
  type FakeMesh,
  openFactsBroker,
  startFakeMesh,
  type TestDatabase,
} from '@banyan/kit/testing';
import { type Spawned, spawnProgram } from '../support/spawned.ts';
import { until } from '../support/until.ts';

describe('facts between processes', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let database: TestDatabase;
  let folder: string;
  let brands: Spawned;
  let consumer: Spawned;
  let url: string;
  before(async () => {
    mesh = await startFakeMesh();
    const active = { active: true, client_id: 'tests', identifier: 'client_credentials', scope: '', exp: 2 ** 31 - 1 };
    mesh.services = {
      monolith: () => ({ status: 200, body: active }),
      flows: () => ({ status: 200, body: { data: { flow: null, fields: [] } } }),
      recorder: () => ({ status: 200, body: {} }),
    };
    facts = await openFactsBroker();
    database = await createTestMariadb();
    folder = await mkdtemp(join(tmpdir(), 'facts-'));
    await startBrands();
    startConsumer();
    // Its queue gets facts from when it is there.
    const isThere = async () => {
      await make();
      return consumer.lines.some(({ body }) => body === 'recorded');
    };
    await until('the consumer', isThere, { ...limit, everyMs: 500 });
  });
  after(async () => {
    await brands?.stop();
    await consumer?.stop();
    await facts?.drop(['tests.facts']);
    await database?.drop();
    mesh?.close();
    if (folder) await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    mesh.requests.length = 0;
  });

  async function startBrands(): Promise<void> {
    brands = spawnProgram('services/brands/src/main.ts', {
      ...{ ...facts.env, PORT: '0', DATABASE_URL: database.url, MESH_URL: mesh.url },
      ...{ INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' },
    });
    const { attributes } = await brands.said('listening');
    url = String(attributes?.url);
  }
  async function make(headers: Record<string, string> = {}): Promise<string> {
    const reply = await fetch(`${url}/v2/brands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${'a'.repeat(40)}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ data: { type: 'brand', name: 'N', slug: randomUUID() } }),
    });
    const text = await reply.text();
    assert.equal(reply.status, 201, text);
    return JSON.parse(text).data.id;
  }
  const startConsumer = () => {
    consumer = spawnProgram('test/support/fact-consumer.ts', {
      ...{ ...facts.env, MESH_URL: mesh.url, STORE: join(folder, 'consumer.db') },
    });
  };
  const callsFor = (id: string) =>
    mesh.requests.filter(({ service, path }) => service === 'recorder' && path.endsWith(id));
  /** What the running consumer has written into its store: each fact once, or twice if it was wrong. */
  const seen = (id: string) => consumer.lines.filter(({ attributes }) => String(attributes?.fact).endsWith(id));
  const limit = { limitMs: 60_000 };
  const metric = async (name: string) => {
    const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  };

  test('a write is seen once in another process, with its trace in the log and in the calls that follow', async () => {
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, baggage: 'shop=1' };
    const id = await make(trace);
    const last = await make();
    await until('both facts', () => [id, last].every((one) => seen(one).length > 0), limit);
    assert.deepEqual(
      seen(id).map(({ traceId, attributes }) => [traceId, attributes?.fact]),
      [['1'.repeat(32), `brand.created ${id}`]],
    );
    const [call] = callsFor(id);
    assert.partialDeepStrictEqual(call?.headers, trace);
  });

  test('while the broker is down writes succeed and their facts wait, and afterwards each is seen once', async () => {
    facts.broker.takeDown();
    const ids: string[] = [];
    for (let n = 0; n < 30; n += 1) ids.push(await make());
    await until('the backlog', async () => (await metric('outbox_waiting')) === 30, limit);
    assert.ok((await metric('outbox_oldest_age_seconds')) > 0);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    assert.deepEqual(ids.flatMap(seen), []);
    facts.broker.bringBack();
    await until('all facts', () => ids.every((id) => seen(id).length > 0), limit);
    await until('an empty outbox', async () => (await metric('outbox_waiting')) === 0, limit);
    assert.equal(ids.flatMap(seen).length, 30);
  });

  test('a service that is killed after a commit publishes its fact when it runs again', async () => {
    facts.broker.takeDown();
    const id = await make();
    await brands.kill();
    facts.broker.bringBack();
    await startBrands();
    await until('the fact', () => seen(id).length === 1, limit);
  });

  test('a consumer that is killed while it handles a fact handles it when it runs again', async () => {
    const held = Promise.withResolvers<void>();
    mesh.services.recorder = async () => {
      await held.promise;
      return { status: 200, body: {} };
    };
    const id = await make();
    await until('the call', () => callsFor(id).length === 1, limit);
    await consumer.kill();
    mesh.services.recorder = () => ({ status: 200, body: {} });
    held.resolve();
    startConsumer();
    await until('the fact', () => seen(id).length === 1, limit);
    assert.equal(callsFor(id).length, 2);
  });
});
