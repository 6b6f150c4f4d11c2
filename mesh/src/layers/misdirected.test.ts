import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MisdirectedPolicy } from '../config/policy-model.ts';
import { readsAndWrites } from '../testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const policy: MisdirectedPolicy = { timeoutMs: 5000, bodyLimitBytes: 1024 };
const by = { who: 'test', why: '' };

/** `old` gets everything and is not in charge; `new` replies with what it received. */
async function platform(over: Partial<MisdirectedPolicy> = {}, early = false) {
  const refused: string[] = [];
  const done: string[] = [];
  const refuse: RequestListener = (request, response) => {
    const reply = () => {
      refused.push(`${request.method} ${request.url}`);
      response.writeHead(421, { 'content-type': 'application/json' }).end('{"errors":[]}');
    };
    if (early) reply();
    else request.resume().on('end', reply);
  };
  const old = await upstreamServer(closing, refuse);
  const next = await upstreamServer(closing, (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk) => hash.update(chunk));
    request.on('end', () => {
      done.push(`${request.method} ${request.url}`);
      response.end(hash.digest('hex'));
    });
  });
  const misdirected = { ...policy, ...over };
  const mesh = await testMesh(closing, readsAndWrites({ old: old.port, new: next.port }, { policy: { misdirected } }));
  return { mesh, refused, done };
}

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

async function counted({ adminUrl }: TestMesh): Promise<string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('mesh_misdirected_total'));
}

describe('a request whose backend replies with 421', () => {
  test('is routed again until the weights lead to the right one, with its body, and is done once', async () => {
    for (const early of [false, true]) {
      const { mesh, refused, done } = await platform({}, early);
      const body = 'x'.repeat(1000);
      const posted = fetch(`${mesh.url}/brands?a=1`, { method: 'POST', body });
      await until(() => refused.length >= 3, 'it is sent again');
      mesh.mesh.shift('brands/writes', { new: 100 }, by);
      const response = await posted;
      assert.equal(response.status, 200);
      assert.equal(await response.text(), sha(body));
      assert.deepEqual(done, ['POST /brands?a=1']);
      assert.deepEqual(await counted(mesh), ['mesh_misdirected_total{route="brands",outcome="rerouted"} 1']);
      const line = mesh.log.requests().at(-1);
      assert.equal(line?.service, 'new');
    }
  });

  test('is routed again without a body and by other methods, too', async () => {
    const { mesh, refused, done } = await platform();
    const asked = ['GET', 'PUT', 'DELETE'].map((method) => fetch(mesh.url, { method }));
    await until(() => refused.length >= 6, 'they are sent again');
    mesh.mesh.shift('brands', { new: 100 }, by);
    for (const response of await Promise.all(asked)) assert.equal(response.status, 200);
    assert.deepEqual([...done].sort(), ['DELETE /', 'GET /', 'PUT /']);
  });

  test('gets 503 with Retry-After when that takes too long, never the 421', async () => {
    const { mesh, refused, done } = await platform({ timeoutMs: 100 });
    const response = await fetch(mesh.url, { method: 'POST', body: 'a' });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '1');
    assert.match(await response.text(), /No service is in charge/);
    assert.ok(refused.length > 1);
    assert.deepEqual(done, []);
    assert.equal(mesh.log.requests().at(-1)?.reason, 'misdirected');
  });

  test('gets 503 at once when its body is too long to be kept', async () => {
    const { mesh, refused } = await platform();
    const response = await fetch(mesh.url, { method: 'POST', body: 'x'.repeat(1025) });
    assert.equal(response.status, 503);
    assert.match(await response.text(), /cannot be sent again/);
    assert.equal(refused.length, 1);
  });

  test('is kept within its deadline', async () => {
    const { mesh } = await platform();
    const response = await fetch(mesh.url, { method: 'POST', headers: { 'x-request-timeout-ms': '150' } });
    assert.equal(response.status, 503);
  });

  test('is not sent again once its client has gone', async () => {
    const { mesh, refused, done } = await platform();
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('POST / HTTP/1.1', 'Host: shop', 'Content-Length: 10', '', 'half');
    await until(() => mesh.inFlight() === 1, 'it is there');
    client.socket.destroy();
    await until(() => mesh.inFlight() === 0, 'it has ended');
    mesh.mesh.shift('brands', { new: 100 }, by);
    assert.deepEqual([refused, done], [[], []]);
  });
});

test('without the policy a 421 goes to the client', async () => {
  const { port } = await upstreamServer(closing, (_request, response) => response.writeHead(421).end());
  const mesh = await testMesh(closing, readsAndWrites({ old: port }));
  assert.equal((await fetch(mesh.url)).status, 421);
});
