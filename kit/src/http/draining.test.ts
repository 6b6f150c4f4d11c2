import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { describe, test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { until } from '../testing/until.ts';
import { addLeanPost } from './lean-post.ts';
import { createServer, type Server } from './server.ts';

/** A server whose responses wait for `release`. */
async function heldServer(drainLimitMs: number) {
  const server = await createServer({
    logger: createLogger({ level: 'silent', service: 'test' }),
    metrics: new Metrics(),
    errors: {},
    checks: {},
    drainLimitMs,
  });
  const released = Promise.withResolvers<void>();
  const draining = Promise.withResolvers<void>();
  const held = { handled: 0, draining: draining.promise, release: released.resolve };
  const handler = async () => {
    held.handled += 1;
    await released.promise;
    return {};
  };
  server.get('/plain', handler);
  addLeanPost(server, { path: '/lean', schema: {}, bodyLimitBytes: 100, headers: {}, handle: handler });
  // This hook is added last, so the others have run before it.
  server.addHook('preClose', async () => draining.resolve());
  await server.listen({ port: 0, host: '127.0.0.1' });
  return { server, held };
}

/** A client that never closes its connection. */
async function client(server: Server, sent = ''): Promise<{ received: () => string; closed: Promise<void> }> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += String(chunk);
  });
  const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
  await once(socket, 'connect');
  if (sent !== '') socket.write(sent);
  return { received: () => text, closed };
}

const connections = (server: Server) =>
  new Promise<number>((resolve, reject) =>
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

describe('a server that closes while its clients keep their connections', () => {
  /** Never reached. */
  const long = 1_000_000;

  for (const request of [
    'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /lean HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  ]) {
    test(`sends the response under way with Connection: close, then closes: ${request.slice(0, 10)}`, async () => {
      const { server, held } = await heldServer(long);
      const { received } = await client(server, request);
      await until('the request is under way', () => held.handled === 1);
      const closed = server.close();
      await held.draining;
      held.release();
      await closed;
      await until('the response', () => received().endsWith('{}'));
      assert.match(received(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*^connection: close\r\n/im);
    });
  }

  test('does not wait for connections on which the client sent no bytes', async () => {
    const { server } = await heldServer(long);
    const { closed } = await client(server);
    await until('the connection is accepted', async () => (await connections(server)) === 1);
    await Promise.all([server.close(), closed]);
  });

  test('waits for an incomplete request no longer than the limit', async () => {
    const { server } = await heldServer(1);
    // Sent together: the response to the first shows that the part of the second has been read.
    const { closed, received } = await client(server, 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /plain HT');
    await until('the first response', () => received().endsWith('{"status":"live"}'));
    await Promise.all([server.close(), closed]);
    assert.match(received(), /"live"}$/);
  });

  test('leaves no timer behind if it never listened', async () => {
    const { server } = await heldServer(long);
    await server.close();
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });
});
