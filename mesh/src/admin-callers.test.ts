import assert from 'node:assert/strict';
import { request } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, type TestMesh, testMesh } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const config = () =>
  meshConfig(
    [service('old', [1]), service('new', [2])],
    [route('token', [rule({ backendRefs: [backendRef('old', 100), backendRef('new', 0)] })])],
  );

/** Every operation of the admin API, with its path parameters filled in. */
async function operationsOf(mesh: TestMesh): Promise<{ method: string; path: string }[]> {
  const { operations } = (await (await fetch(mesh.adminUrl)).json()) as {
    operations: { path: string; methods: string[] }[];
  };
  return operations.flatMap(({ path, methods }) =>
    methods.map((method) => ({ method, path: path.replace(/:\w+/g, 'token') })),
  );
}

function statusOf(mesh: TestMesh, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const body = method === 'GET' ? '' : '{"weights":{"new":100}}';
  const framed = { 'content-type': 'application/json', 'content-length': body.length, ...headers };
  return new Promise((resolve, reject) => {
    const sent = request({ port: mesh.adminPort, method, path, headers: framed }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('no operation of the admin port is done for a name that was rebound to it, health included', async () => {
  const mesh = await testMesh(closing, config());
  const operations = await operationsOf(mesh);
  for (const path of ['/health/ready', '/tap', '/leases/:service/:id', '/routes/:name/weights']) {
    assert.ok(
      operations.some((operation) => operation.path === path.replace(/:\w+/g, 'token')),
      path,
    );
  }
  for (const { method, path } of operations) {
    assert.equal(await statusOf(mesh, method, path, { host: 'rebound.example' }), 421, `${method} ${path}`);
  }
  assert.deepEqual(mesh.mesh.changes, {});
  assert.deepEqual(mesh.mesh.config.routes[0]?.rules[0]?.backendRefs[0]?.weight, 100);
});

test('no operation of the admin port is done for a page of another origin', async () => {
  const mesh = await testMesh(closing, config());
  for (const { method, path } of await operationsOf(mesh)) {
    const foreign = { host: `127.0.0.1:${mesh.adminPort}`, origin: 'http://rebound.example' };
    assert.equal(await statusOf(mesh, method, path, foreign), 403, `${method} ${path}`);
  }
  assert.deepEqual(mesh.mesh.changes, {});
});

test('a token does not open the admin port to another name, and a configured name does not replace the token', async () => {
  const mesh = await testMesh(closing, config(), { adminToken: 'change-it', adminNames: ['mesh'] });
  const bearer = { authorization: 'Bearer change-it' };
  assert.equal(await statusOf(mesh, 'GET', '/config', { host: 'rebound.example', ...bearer }), 421);
  assert.equal(await statusOf(mesh, 'GET', '/config', { host: 'mesh:9990' }), 401);
  assert.equal(await statusOf(mesh, 'GET', '/config', { host: 'mesh:9990', ...bearer }), 200);
});

test('a malformed request target is 400 and not a defect', async () => {
  const mesh = await testMesh(closing, config());
  assert.equal(await statusOf(mesh, 'GET', '//', {}), 400);
  assert.deepEqual(
    mesh.log.lines.filter(({ level }) => level === 'error'),
    [],
  );
});
