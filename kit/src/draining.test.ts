import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { describe, test } from 'node:test';
import { createServer, type Server } from './http.ts';
import { addLeanPost } from './lean-post.ts';
import { createLogger } from './log.ts';
import { Metrics } from './metrics.ts';
import { until } from './testing.ts';

/** A server whose answers wait for `release`. */
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
  const answer = async () => {
    held.handled += 1;
    await released.promise;
    return {};
  };
  server.get('/plain', answer);
  addLeanPost(server, { path: '/lean', schema: {}, bodyLimitBytes: 100, headers: {}, handle: answer });
  // The last of these hooks: the others have run by then.
  server.addHook('preClose', async () => draining.resolve());
  await server.listen({ port: 0, host: '127.0.0.1' });
  return { server, held };
}

/** A client that keeps its connection for as long as it is let. */
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

describe('a server that closes, while its clients keep their connections', () => {
  /** Never reached: what these tests are about ends by itself. */
  const long = 1_000_000;

  for (const request of [
    'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /lean HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  ]) {
    test(`ends with the answer to what is under way, which says so: ${request.slice(0, 10)}`, async () => {
      const { server, held } = await heldServer(long);
      const { received } = await client(server, request);
      await until('it is under way', () => held.handled === 1);
      const closed = server.close();
      await held.draining;
      held.release();
      await closed;
      await until('the answer', () => received().endsWith('{}'));
      assert.match(received(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*^connection: close\r\n/im);
    });
  }

  test('does not wait for those that were never used', async () => {
    const { server } = await heldServer(long);
    const { closed } = await client(server);
    await until('it is accepted', async () => (await connections(server)) === 1);
    await Promise.all([server.close(), closed]);
  });

  test('waits for a request that does not come to its end only for as long as is said', async () => {
    const { server } = await heldServer(1);
    // Together: with the first one's answer, the second is known to have been read so far.
    const { closed, received } = await client(server, 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /plain HT');
    await until('the first is answered', () => received().endsWith('{"status":"live"}'));
    await Promise.all([server.close(), closed]);
    assert.match(received(), /"live"}$/);
  });

  test('keeps nothing alive where it never listened', async () => {
    const { server } = await heldServer(long);
    await server.close();
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });
});
