import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { RouteTimeouts } from '../config/model.ts';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

async function meshWith(listener: RequestListener, timeouts: RouteTimeouts = { requestMs: 0, backendRequestMs: 0 }) {
  const { port } = await upstreamServer(closing, listener);
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts })];
  return testMesh(closing, meshConfig([service('shop', [port])], [route('all', rules)]));
}

describe('a deadline', () => {
  test('is passed on shorter than it was received', async () => {
    const seen: (string | undefined)[] = [];
    const mesh = await meshWith((request, response) => {
      seen.push(request.headers['x-request-timeout-ms'] as string | undefined);
      response.end();
    });
    await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '5000' } });
    await fetch(mesh.url, { headers: { 'x-request-timeout-ms': 'soon' } });
    await fetch(mesh.url);
    assert.ok(Number(seen[0]) > 0 && Number(seen[0]) < 5000, `${seen[0]}`);
    assert.deepEqual(seen.slice(1), [undefined, undefined]);
  });

  test('is the earliest of the caller’s, the route’s and the attempt’s', async () => {
    const seen: number[] = [];
    const mesh = await meshWith(
      (request, response) => {
        seen.push(Number(request.headers['x-request-timeout-ms']));
        response.end();
      },
      { requestMs: 20_000, backendRequestMs: 10_000 },
    );
    await fetch(mesh.url);
    await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '60000' } });
    await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '4000' } });
    // What has passed is taken off, however little it is. Above 4 s, no test takes long enough to confuse the limits.
    const limitOf = (ms: number) => (ms > 10_000 ? 'the route’s' : ms > 4_000 ? 'the attempt’s' : 'the caller’s');
    assert.deepEqual(seen.map(limitOf), ['the attempt’s', 'the attempt’s', 'the caller’s']);
  });

  test('given several times counts as the strictest value, and is passed on as one', async () => {
    const seen: unknown[] = [];
    const mesh = await meshWith((request, response) => {
      seen.push(request.headersDistinct['x-request-timeout-ms']);
      response.end('done');
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(
      'GET / HTTP/1.1',
      'Host: shop',
      'X-Request-Timeout-Ms: 60000',
      'X-Request-Timeout-Ms: 8000, 30000',
      '',
      '',
    );
    await client.untilReceived(/done/);
    const values = seen[0] as string[];
    assert.equal(values.length, 1);
    assert.ok(Number(values[0]) <= 8000, values[0]);
  });

  test('gets shorter from hop to hop', async () => {
    const seen: number[] = [];
    const last = await meshWith((request, response) => {
      seen.push(Number(request.headers['x-request-timeout-ms']));
      response.end();
    });
    const rules = [rule({ backendRefs: [backendRef('next')], timeouts: { requestMs: 5000, backendRequestMs: 0 } })];
    const first = await testMesh(closing, meshConfig([service('next', [last.edgePort])], [route('all', rules)]));
    assert.equal((await fetch(first.url, { headers: { 'x-request-timeout-ms': '20000' } })).status, 200);
    // A whole millisecond at every hop at least: the value is rounded down.
    assert.ok((seen[0] as number) <= 4998 && (seen[0] as number) > 0, `${seen[0]}`);
  });

  test('that has passed makes the request fail before any work', async () => {
    let count = 0;
    const mesh = await meshWith((_request, response) => {
      count += 1;
      response.end();
    });
    const response = await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '0' } });
    assert.equal(response.status, 504);
    assert.equal(count, 0);
    await until(() => mesh.log.requests().length === 1, 'it is logged');
    assert.equal(mesh.log.requests()[0]?.reason, 'deadline_exceeded');
    assert.equal(mesh.log.requests()[0]?.attempts, 0);
  });

  test('aborts the upstream request when it passes', async () => {
    let closed = false;
    const mesh = await meshWith((_request, response) => {
      response.on('close', () => {
        closed = true;
      });
    });
    const response = await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '1000' } });
    assert.equal(response.status, 504);
    await until(() => closed, 'the upstream sees its connection closed');
  });

  test('also within the body: the client’s connection is closed', async () => {
    let closed = false;
    const mesh = await meshWith((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      response.on('close', () => {
        closed = true;
      });
    });
    await assert.rejects(async () => (await fetch(mesh.url, { headers: { 'x-request-timeout-ms': '1000' } })).text());
    await until(() => closed, 'the upstream sees its connection closed');
  });

  test('the upstream request is aborted when the client goes', async () => {
    let started = false;
    let closed = false;
    const mesh = await meshWith((_request, response) => {
      started = true;
      response.on('close', () => {
        closed = true;
      });
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => started, 'the upstream has the request');
    client.socket.destroy();
    await until(() => closed, 'the upstream sees its connection closed');
  });
});
