import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { freePorts } from '../rig/free-port.ts';
import { setWeights } from './mesh.ts';
import { namesRunning, runningPlatform } from './running.ts';

/** One server stands in for every process: an admin port that wants a token and keeps weights, and nothing else. */
let weights: Record<string, number> = { monolith: 90, auth: 10 };
const token = 'a-token-of-the-test';
const tokenBefore = process.env.MESH_ADMIN_TOKEN;
let server: Server;
let url = '';

before(async () => {
  process.env.MESH_ADMIN_TOKEN = token;
  server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path === '/health/ready') return response.writeHead(503).end('not yet');
    if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end('no');
    if (request.method === 'POST') {
      const body = await readText(request);
      weights = (JSON.parse(body) as { weights: Record<string, number> }).weights;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ weights }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
});
after(() => {
  if (tokenBefore === undefined) delete process.env.MESH_ADMIN_TOKEN;
  else process.env.MESH_ADMIN_TOKEN = tokenBefore;
  server.closeAllConnections();
  server.close();
});

const environment = () => ({
  LOAD_EDGE_URL: url,
  LOAD_ADMIN_URL: url,
  LOAD_MONOLITH_URL: url,
  LOAD_TUNED_URL: `${url}/`,
  LOAD_AUTH_URL: url,
  LOAD_CREDENTIALS: '/clients.json',
});

test('a running platform is found by its URLs, and gets its weights back', async () => {
  const platform = await runningPlatform(environment(), 'token');
  assert.equal(platform.restart, null);
  assert.equal(platform.status.credentials, '/clients.json');
  assert.deepEqual(platform.process('mesh').urls, { edge: url, admin: url });
  assert.equal(platform.process('monolith-tuned').url, url);
  assert.equal(platform.process('auth').pid, null);
  assert.throws(() => platform.process('carts'), /carts/);
  await setWeights(url, 'token', { auth: 100 }, 'test');
  assert.deepEqual(weights, { auth: 100 });
  await platform.stop();
  assert.deepEqual(weights, { monolith: 90, auth: 10 });
});

test('without LOAD_EDGE_URL there is none; an incomplete one is refused with all missing variables', async () => {
  assert.equal(namesRunning({}), false);
  assert.equal(namesRunning({ LOAD_EDGE_URL: url }), true);
  await assert.rejects(
    runningPlatform({ ...environment(), LOAD_TUNED_URL: '', LOAD_CREDENTIALS: undefined }, 'token'),
    /LOAD_TUNED_URL, LOAD_CREDENTIALS$/,
  );
});

test('a process that does not respond is named, and another machine is refused', async () => {
  const nowhere = { ...environment(), LOAD_AUTH_URL: `http://127.0.0.1:${(await freePorts(1))[0]}` };
  await assert.rejects(runningPlatform(nowhere, 'token'), /auth does not respond at .*LOAD_AUTH_URL.*ECONNREFUSED/);
  const elsewhere = { ...environment(), LOAD_AUTH_URL: 'http://203.0.113.5' };
  await assert.rejects(runningPlatform(elsewhere, 'token'), /loopback/);
});

test('the admin port’s refusal is reported', async () => {
  process.env.MESH_ADMIN_TOKEN = 'wrong';
  try {
    await assert.rejects(runningPlatform(environment(), 'token'), /401/);
  } finally {
    process.env.MESH_ADMIN_TOKEN = token;
  }
});
