import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { type DrainLimits, draining } from './draining.ts';

/** Never reached in the tests that do not test a limit. */
const never = 1_000_000;

async function listening(limits: DrainLimits) {
  const app = fastify();
  draining(app, limits);
  app.get('/', async () => 'hello');
  await app.listen({ port: 0, host: '127.0.0.1' });
  const client = async () => {
    const accepted = once(app.server, 'connection');
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
    await accepted;
    return { socket, closed };
  };
  return { app, client };
}

test('an unused connection does not delay a stop', async () => {
  const { app, client } = await listening({ unusedMs: 1, totalMs: never });
  const { closed } = await client();
  await Promise.all([app.close(), closed]);
});

test('an unfinished request delays a stop only up to the limit', async () => {
  const { app, client } = await listening({ unusedMs: never, totalMs: 1 });
  const { socket, closed } = await client();
  // Both in one write: the reply to the first shows that the server has read this part of the second.
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT');
  const [reply] = await once(socket, 'data');
  assert.match(String(reply), /^HTTP\/1\.1 200 /);
  await Promise.all([app.close(), closed]);
});
