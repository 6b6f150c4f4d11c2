import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** Listens, and never accepts a connection, because its thread is blocked. */
const standstill = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** More connections than the queue of such a server holds. */
const waiting = 16;

/** A port at which connections are neither accepted nor refused: its queue is full, so the system does not reply. */
async function silentPort(): Promise<number> {
  const worker = new Worker(standstill, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  closing.add(() => worker.terminate());
  const sockets = Array.from({ length: waiting }, () => connect(port, '127.0.0.1'));
  closing.add(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.on('error', () => {});
  // All sockets connect at once. When the first is connected, the queue is full.
  await Promise.race(sockets.map((socket) => once(socket, 'connect')));
  return port;
}

const { timeouts, circuitBreaker, loadBalancer } = backendPolicy();
const policy = {
  timeouts: { ...timeouts, connectMs: 100 },
  circuitBreaker: { ...circuitBreaker, enabled: false },
  loadBalancer: { ...loadBalancer, algorithm: 'RoundRobin' as const },
};

describe('an instance that accepts no connections', () => {
  test('is a 504 after timeouts.connect if there is no other instance', async () => {
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const config = meshConfig([service('shop', [await silentPort()], policy)], [route('all', rules)]);
    const mesh = await testMesh(closing, config);
    const response = await fetch(mesh.url);
    assert.equal(response.status, 504);
    const { errors } = (await response.json()) as { errors: { status: number; title: string; detail: string }[] };
    assert.equal(errors[0]?.title, 'Gateway Timeout');
    await until(() => mesh.log.requests().length === 1, 'the request is logged');
    assert.equal(mesh.log.requests()[0]?.reason, 'connect_timeout');
  });

  test('fails no request if there is another instance, not even a POST, because nothing was sent', async () => {
    const { port } = await upstreamServer(closing, (request, response) => {
      request.resume().on('end', () => response.end('fine'));
    });
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const config = meshConfig([service('shop', [await silentPort(), port], policy)], [route('all', rules)]);
    const mesh = await testMesh(closing, config);
    for (let i = 0; i < 6; i += 1) {
      const response = await fetch(mesh.url, { method: 'POST', body: 'x' });
      assert.equal(await response.text(), 'fine');
    }
  });
});
