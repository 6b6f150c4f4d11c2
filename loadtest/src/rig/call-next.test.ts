import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { callNext } from './call-next.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function through(passesOn: boolean, headers: Record<string, string>, replyHeaders: Record<string, string>) {
  let seen: IncomingHttpHeaders = {};
  const behind = await listening(
    createServer((request, response) => {
      seen = request.headers;
      response.writeHead(503, replyHeaders).end();
    }),
  );
  const front = await listening(
    createServer((request, response) =>
      callNext({ url: behind, host: 'third', passesOn }, request.headers, performance.now(), response),
    ),
  );
  return { reply: await fetch(front, { headers }), seen: () => seen };
}

test('only the trace and the remaining time are passed on to the next service', async () => {
  const sent = { traceparent: 'tp', 'x-mesh-override': 'a=b', 'x-request-timeout-ms': '1000', 'x-other': 'no' };
  const { seen } = await through(true, sent, {});
  const { host, traceparent, 'x-mesh-override': override, 'x-request-timeout-ms': left, 'x-other': other } = seen();
  assert.deepEqual([host, traceparent, override, other], ['third', 'tp', 'a=b', undefined]);
  assert.ok(Number(left) > 0 && Number(left) <= 1000, String(left));
});

test('the retry mark of the mesh is passed back to the caller if the service passes it on', async () => {
  for (const passesOn of [true, false]) {
    const { reply } = await through(passesOn, {}, { 'x-mesh-retryable': 'false' });
    assert.equal(reply.status, 503);
    assert.equal(reply.headers.get('x-mesh-retryable'), passesOn ? 'false' : null);
  }
});

test('a service that cannot be reached is a 502', async () => {
  const gone = createServer();
  const url = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
  const front = await listening(
    createServer((request, response) =>
      callNext({ url, host: 'third', passesOn: true }, request.headers, performance.now(), response),
    ),
  );
  assert.equal((await fetch(front)).status, 502);
});
