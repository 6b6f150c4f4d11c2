import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { RetryPolicy } from './config/policy-model.ts';
import { arrival, isHeld } from './held-reply.ts';
import { localReply, type Reply, type ReplyBody } from './reply.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const { loadBalancer, circuitBreaker, retry: retryDefaults } = backendPolicy();

/** A mesh with round robin over its instances, and as many retries as needed. */
async function meshOf(listeners: RequestListener[], retry: Partial<RetryPolicy> = {}): Promise<TestMesh> {
  const ports: number[] = [];
  for (const listener of listeners) ports.push((await upstreamServer(closing, listener)).port);
  const policy = {
    loadBalancer: { ...loadBalancer, algorithm: 'RoundRobin' as const },
    circuitBreaker: { ...circuitBreaker, enabled: false },
    retryBudget: { percent: 100, minRetriesPerSecond: 1000, ttlMs: 10_000 },
    retry: { ...retryDefaults, ...retry },
  };
  const rules = [rule({ backendRefs: [backendRef('shop')], retry: { codes: [503], attempts: 2, backoffMs: 1 } })];
  return testMesh(closing, meshConfig([service('shop', ports, policy)], [route('all', rules)]));
}

/** Begins a reply of `size` bytes and breaks it off after `sent` of them. */
const broken = (size: number | null, sent: number, count = { of: 0 }) => {
  return (_request: IncomingMessage, response: ServerResponse) => {
    count.of += 1;
    response.writeHead(200, size === null ? {} : { 'content-length': size });
    response.write(Buffer.alloc(sent), () => response.destroy());
  };
};
const fine: RequestListener = (_request, response) => void response.end('fine');

/** Begins a reply and never ends it. */
function begun(headers: Record<string, string | number>) {
  const open: ServerResponse[] = [];
  const listener: RequestListener = (_request, response) => {
    open.push(response);
    response.writeHead(200, headers).write('begun');
  };
  return { open, listener };
}

async function rawRequest(mesh: TestMesh, line = 'GET / HTTP/1.1', ...fields: string[]): Promise<RawClient> {
  const client = await RawClient.to(mesh.edgePort, closing);
  client.send(line, 'Host: shop', ...fields, '', '');
  return client;
}

describe('a reply that breaks off', () => {
  for (const [name, size] of [
    ['with a length', 1000],
    ['without a length', null],
  ] as const) {
    test(`${name} is tried again, and no client notices`, async () => {
      const count = { of: 0 };
      const mesh = await meshOf([broken(size, 100, count), fine], { replyWaitMs: 60_000 });
      for (let i = 0; i < 100; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
      assert.ok(count.of >= 40, `${count.of} were broken`);
      await until(() => mesh.inFlight() === 0, 'nothing is in flight');
    });
  }

  test('is passed on if the policy switches holding off, or the reply is longer than the limit', async () => {
    for (const [size, retry] of [
      [1000, { replyLimitBytes: 0 }],
      [1001, { replyLimitBytes: 1000 }],
    ] as const) {
      const count = { of: 0 };
      const mesh = await meshOf([broken(size, 100, count)], retry);
      await assert.rejects(async () => (await fetch(mesh.url)).text());
      assert.equal(count.of, 1);
    }
  });

  test('may be longer than the default limit, if the policy says so', async () => {
    const mesh = await meshOf([broken(300_000, 299_000), fine], { replyLimitBytes: 300_000 });
    for (let i = 0; i < 10; i += 1) assert.equal(await (await fetch(mesh.url)).text(), 'fine');
  });

  test('is passed on if the request is not idempotent', async () => {
    const count = { of: 0 };
    const mesh = await meshOf([broken(1000, 100, count)]);
    await assert.rejects(async () => (await fetch(mesh.url, { method: 'POST' })).text());
    assert.equal(count.of, 1);
  });

  test('is passed on by the last attempt', async () => {
    const count = { of: 0 };
    const mesh = await meshOf([broken(1000, 100, count)]);
    await assert.rejects(async () => (await fetch(mesh.url)).text());
    assert.equal(count.of, 3);
  });
});

describe('a reply that goes on', () => {
  test('is handed on as it comes if it has no length', async () => {
    const { listener, open } = begun({});
    const mesh = await meshOf([listener]);
    const client = await rawRequest(mesh);
    await client.untilReceived(/begun/);
    open[0]?.end('and ended');
    await client.untilReceived(/and ended/);
  });

  test('is not held if it is an event stream', async () => {
    const { listener } = begun({ 'content-type': 'text/event-stream; charset=utf-8' });
    const mesh = await meshOf([listener], { replyWaitMs: 60_000 });
    const client = await rawRequest(mesh);
    await client.untilReceived(/begun/);
  });

  test('is not held if the request is not idempotent', async () => {
    const { listener } = begun({ 'content-length': 100 });
    const mesh = await meshOf([listener]);
    const client = await rawRequest(mesh, 'POST / HTTP/1.1', 'Content-Length: 0');
    await client.untilReceived(/begun/);
  });

  test('is handed on when the limit has come', async () => {
    const mesh = await meshOf([(_request, response) => void response.writeHead(200).write(Buffer.alloc(70_000, 'x'))], {
      replyWaitMs: 60_000,
    });
    const client = await rawRequest(mesh);
    await client.untilReceived(/x{1000}/);
  });

  test('is aborted while it is held if the client goes', async () => {
    const { listener, open } = begun({ 'content-length': 100 });
    const mesh = await meshOf([listener]);
    const client = await rawRequest(mesh);
    await until(() => open.length === 1, 'the reply has begun');
    client.socket.destroy();
    await until(() => open[0]?.destroyed === true && mesh.inFlight() === 0, 'the upstream request is aborted');
    assert.equal(open.length, 1, 'and not tried again');
  });
});

describe('replies that are not held', () => {
  const replyOf = (body: Partial<ReplyBody>, over: Partial<Reply> = {}): Reply => ({
    ...localReply(200, [], ''),
    body: { length: null, pipeTo() {}, discard() {}, onEnd() {}, onHeld() {}, ...body },
    ...over,
  });

  test('replies that are whole already (HEAD, 204, 304, all that came with their head), and those of the mesh', () => {
    assert.equal(isHeld(replyOf({}), 1000), true);
    assert.equal(isHeld(replyOf({ whole: true }), 1000), false);
    assert.equal(isHeld(localReply(200, [], 'ours'), 1000), false);
  });

  test('a reply with a length sets no timer', async () => {
    const clock = { now: () => 0, wall: () => 0, after: () => assert.fail('a timer') };
    const reply = replyOf({ length: 10, onHeld: (listener) => listener(null) });
    assert.equal(await arrival(reply, 1000, 1, clock), null);
  });
});

test('HEAD, 204 and 304 are whole with their head', async () => {
  const mesh = await meshOf([
    (request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, status === 204 ? {} : { 'content-length': 1000 }).end();
    },
  ]);
  assert.equal((await fetch(`${mesh.url}/200`, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(`${mesh.url}/204`)).status, 204);
  assert.equal((await fetch(`${mesh.url}/304`)).status, 304);
});
