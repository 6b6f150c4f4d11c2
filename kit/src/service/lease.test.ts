import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { afterEach, test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { until } from '../testing/until.ts';
import { type HeldLease, holdLease } from './lease.ts';

interface Call {
  method: string;
  path: string;
  authorization: string | undefined;
  body: unknown;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A mesh that replies with `mesh.status` and grants leases of `ttlMs`. */
async function fakeMesh(ttlMs: unknown, port = 0) {
  const calls: Call[] = [];
  const mesh = { status: 200 };
  const server = createServer(async (request, response) => {
    const text = await readText(request);
    calls.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: JSON.parse(text),
    });
    response.writeHead(mesh.status, { 'content-type': 'application/json' }).end(JSON.stringify({ ttlMs }));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  closing.push(close);
  return { mesh, calls, close, port: (server.address() as AddressInfo).port };
}

function hold(meshPort: number): { lease: HeldLease; lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const lease = holdLease({
    meshUrl: `http://127.0.0.1:${meshPort}`,
    token: 'the-token',
    service: 'auth',
    id: 'one/two',
    port: 3101,
    logger: createLogger({ level: 'info', service: 'test', destination }),
    retryMs: 1,
  });
  return { lease, lines };
}

test('an instance registers, renews, and gives its lease back', async () => {
  const { calls, port } = await fakeMesh(30);
  const { lease, lines } = hold(port);
  await lease.tried;
  assert.deepEqual(calls[0], {
    method: 'PUT',
    path: '/leases/auth/one%2Ftwo',
    authorization: 'Bearer the-token',
    body: { port: 3101 },
  });
  await until('three renewals', () => calls.length >= 4);
  await lease.release();
  assert.equal(calls.at(-1)?.method, 'DELETE');
  assert.equal(calls.filter(({ method }) => method === 'DELETE').length, 1);
  assert.equal(lines.length, 1, 'renewals are not logged');
  assert.ok(!lines.join('').includes('the-token'));
});

test('an instance registers when an unreachable mesh is back, and each change is logged once', async () => {
  const away = await fakeMesh(30);
  await away.close();
  const { lease, lines } = hold(away.port);
  await lease.tried;
  const { calls } = await fakeMesh(30, away.port);
  await until('the registration', () => calls.length >= 2);
  await lease.release();
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { body: string }).body),
    ['not registered with the mesh: retrying', 'registered with the mesh'],
  );
});

test('an instance retries when the mesh refuses or replies without ttlMs', async () => {
  const { mesh, calls, port } = await fakeMesh(null);
  mesh.status = 409;
  const { lease, lines } = hold(port);
  await until('two more attempts', () => calls.length >= 3);
  mesh.status = 200;
  const before = calls.length;
  await until('three more attempts', () => calls.length >= before + 3);
  await lease.release();
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /409/);
});

test('giving the lease back never fails', async () => {
  const { close, port } = await fakeMesh(60_000);
  const { lease, lines } = hold(port);
  await lease.tried;
  await close();
  await lease.release();
  assert.match(lines.at(-1) ?? '', /it expires/);
});
