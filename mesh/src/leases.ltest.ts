import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from './testing/harness.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

async function leasingShop(settings: Parameters<typeof testMesh>[2] = {}) {
  const discovery = { ...backendPolicy().discovery, lease: { ttlMs: 60_000, maxEndpoints: 2 } };
  const config = meshConfig(
    [service('shop', [], { discovery }), service('fixed', [])],
    [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
  );
  const mesh = await testMesh(closing, config, settings);
  const lease = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${mesh.adminUrl}/leases/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { mesh, lease };
}

describe('an instance that registers itself', () => {
  test('gets requests until it leaves', async () => {
    const { mesh, lease } = await leasingShop();
    assert.equal((await fetch(mesh.url)).status, 503);
    const upstream = await upstreamServer(closing, (_request, response) => response.end('here'));
    const { status, body } = await lease('PUT', 'shop/one', { port: upstream.port, weight: 3 });
    assert.equal(status, 200);
    assert.equal(body.endpoint, `127.0.0.1:${upstream.port}`);
    assert.equal(body.ttlMs, 60_000);
    assert.equal(await (await fetch(mesh.url)).text(), 'here');
    const held = (await (await fetch(`${mesh.adminUrl}/leases`)).json()) as {
      leases: { id: string; weight: number }[];
    };
    assert.deepEqual(
      held.leases.map(({ id, weight }) => [id, weight]),
      [['one', 3]],
    );
    assert.deepEqual((await lease('DELETE', 'shop/one')).body, { removed: true });
    assert.equal((await fetch(mesh.url)).status, 503);
    assert.deepEqual((await lease('DELETE', 'shop/one')).body, { removed: false });
  });

  test('is removed when it no longer renews', async () => {
    const { mesh, lease } = await leasingShop();
    const upstream = await upstreamServer(closing, (_request, response) => response.end('here'));
    await lease('PUT', 'shop/one', { port: upstream.port, ttlMs: 1000 });
    assert.equal((await fetch(mesh.url)).status, 200);
    await until(async () => (await fetch(mesh.url)).status === 503, 'the instance is gone');
  });

  test('may die without leaving: unsent requests go to another instance, and its lease expires', async () => {
    const { mesh, lease } = await leasingShop();
    const alive = await upstreamServer(closing, (_request, response) => response.end('alive'));
    const dying = await upstreamServer(closing, (_request, response) => response.end('dying'), await quietPort());
    await lease('PUT', 'shop/alive', { port: alive.port });
    await lease('PUT', 'shop/dying', { port: dying.port, ttlMs: 1000 });
    dying.server.closeAllConnections();
    await new Promise((resolve) => dying.server.close(resolve));
    const ids = async () => {
      const held = (await (await fetch(`${mesh.adminUrl}/leases`)).json()) as { leases: { id: string }[] };
      return held.leases.map(({ id }) => id);
    };
    await until(async () => {
      assert.equal(await (await fetch(mesh.url)).text(), 'alive');
      return (await ids()).join() === 'alive';
    }, 'the lease has expired');
  });

  test('gets all faults of its request at once', async () => {
    const { lease } = await leasingShop();
    const { status, body } = await lease('PUT', 'shop/one', {
      port: 70_000,
      weight: 0.5,
      address: '169.254.169.254',
      ttl: 5,
    });
    assert.equal(status, 422);
    const details = (body.errors as { detail: string }[]).map(({ detail }) => detail).join('\n');
    for (const name of ['port', 'weight', 'address', 'ttl']) assert.match(details, new RegExp(`"${name}"`));
    for (const [path, given, expected] of [
      ['unknown/one', { port: 1 }, 404],
      ['fixed/one', { port: 1 }, 422],
      ['shop/one', [], 422],
      ['shop/one', { port: 1, servicePort: 81 }, 422],
      [`shop/${'x'.repeat(200)}`, { port: 1 }, 422],
      ['shop/a%0ab', { port: 1 }, 422],
      ['shop/one', { port: 1, address: 'localhost' }, 422],
    ] as const) {
      assert.equal((await lease('PUT', path, given)).status, expected, `${path} ${JSON.stringify(given)}`);
    }
  });

  test('is refused when the service has as many as it allows', async () => {
    const { lease } = await leasingShop();
    for (const id of ['one', 'two', 'one']) assert.equal((await lease('PUT', `shop/${id}`, { port: 1 })).status, 200);
    assert.equal((await lease('PUT', 'shop/three', { port: 1 })).status, 409);
  });
});

describe('the token of instances', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('opens leases and nothing else', async () => {
    const { mesh, lease } = await leasingShop({ adminToken: 'change', adminReadToken: 'read', leaseToken: 'lease' });
    const put = async (headers?: Record<string, string>) =>
      (await lease('PUT', 'shop/one', { port: 1 }, headers)).status;
    assert.equal(await put(), 401);
    assert.equal(await put(bearer('read')), 401);
    assert.equal(await put(bearer('lease')), 200);
    assert.equal(await put(bearer('change')), 200);
    assert.equal((await fetch(`${mesh.adminUrl}/status`, { headers: bearer('lease') })).status, 401);
    assert.equal((await fetch(`${mesh.adminUrl}/leases`, { headers: bearer('lease') })).status, 401);
    assert.equal((await fetch(`${mesh.adminUrl}/leases`, { headers: bearer('read') })).status, 200);
  });

  test('is required on loopback too once it is set', async () => {
    const { lease } = await leasingShop({ leaseToken: 'lease' });
    assert.equal((await lease('PUT', 'shop/one', { port: 1 })).status, 401);
    assert.equal((await lease('PUT', 'shop/one', { port: 1 }, bearer('lease'))).status, 200);
  });
});
