import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

describe('a service that dies', () => {
  test('fails at once while it is down, and is served again when it is back', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => response.end('ok'), await quietPort());
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]));
    assert.equal((await fetch(mesh.url)).status, 200);

    upstream.server.close();
    upstream.server.closeAllConnections();
    await until(async () => (await fetch(mesh.url)).status === 503, 'it is known to be gone');
    for (let i = 0; i < 20; i += 1) {
      const response = await fetch(mesh.url);
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '1');
      await response.json();
    }

    const back = createServer((_request, response) => response.end('back'));
    await new Promise<void>((resolve) => back.listen(upstream.port, '127.0.0.1', resolve));
    closing.add(() => {
      back.close();
      back.closeAllConnections();
    });
    assert.equal(await (await fetch(mesh.url)).text(), 'back');
  });
});

describe('stopping', () => {
  test('ends what is under way, tells clients to go elsewhere, and accepts nothing new', async () => {
    let release = () => {};
    const upstream = await upstreamServer(closing, (_request, response) => {
      release = () => response.end('late');
    });
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]));
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => mesh.inFlight() === 1, 'the request is under way');
    const stopped = mesh.stop();
    assert.equal((await fetch(`${mesh.adminUrl}/health/ready`)).status, 503);
    await assert.rejects(RawClient.to(mesh.edgePort, closing));
    release();
    assert.match(await client.untilClosed(), /200 OK[\s\S]*connection: close[\s\S]*late/);
    await stopped;
  });

  test('cuts what does not end in time', async () => {
    const upstream = await upstreamServer(closing, () => {});
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const config = meshConfig([service('shop', [upstream.port])], [route('all', rules)]);
    const mesh = await testMesh(closing, config, { drainMs: 50 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => mesh.inFlight() === 1, 'the request is under way');
    await mesh.stop();
    await client.untilClosed();
  });
});
