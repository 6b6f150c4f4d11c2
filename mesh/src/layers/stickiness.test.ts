import assert from 'node:assert/strict';
import { get } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MeshConfig } from '../config/model.ts';
import { parseConfig } from '../config/parse.ts';
import { Closing, type TestMesh, testMesh, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** Indexes of the instances that fail their next request. */
const failing = new Set<number>();

async function instances(count: number): Promise<number[]> {
  failing.clear();
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const { port } = await upstreamServer(closing, (_request, reply) => {
      reply.statusCode = failing.delete(index) ? 503 : 200;
      reply.end(String(index));
    });
    ports.push(port);
  }
  return ports;
}

/** A service with these instances. @param policy spec of its BackendTrafficPolicy besides the target; '' = none */
function documents(
  ports: readonly number[],
  options: { affinity?: string; policy?: string; retry?: string },
): MeshConfig {
  const { affinity = 'sessionAffinity: None', policy = '', retry = '' } = options;
  const slices = ports.map(
    (port, index) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: shop-${index}, labels: { kubernetes.io/service-name: shop } }
addressType: IPv4
endpoints: [{ addresses: [127.0.0.1] }]
ports: [{ port: ${port} }]
---`,
  );
  const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: x, addresses: [{ value: 127.0.0.1 }], listeners: [{ name: http, port: 0, protocol: HTTP }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ port: 80 }], ${affinity} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: shop, port: 80 }]${retry} }] }
---
${slices.join('')}
apiVersion: mesh.banyan.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: shop }
spec: { targetRefs: [{ kind: Service, name: shop }]${policy === '' ? '' : `, ${policy}`} }
`;
  const result = parseConfig([{ name: 'x', text }], {});
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.faults));
  return result.config;
}

interface Received {
  instance: string;
  headers: Record<string, string | string[] | undefined>;
}

/** @param from the client's address; all of 127.0.0.0/8 is loopback */
function ask({ edgePort }: TestMesh, headers: Record<string, string> = {}, from = '127.0.0.1'): Promise<Received> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: edgePort, headers, localAddress: from, agent: false as const };
    get(options, (reply) => {
      let instance = '';
      reply.setEncoding('utf8').on('data', (text) => {
        instance += text;
      });
      reply.on('end', () => resolve({ instance, headers: reply.headers }));
    }).on('error', reject);
  });
}

/** The instances that reply to `times` requests of one client. */
async function instancesOf(times: number, one: () => Promise<Received>): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let time = 0; time < times; time += 1) seen.add((await one()).instance);
  return seen;
}

/** A client that keeps its cookie. */
function browser(mesh: TestMesh): () => Promise<Received> {
  let jar = '';
  return async () => {
    const received = await ask(mesh, jar === '' ? {} : { cookie: jar });
    const [given] = [received.headers['set-cookie'] ?? []].flat();
    if (given !== undefined) jar = given.split(';')[0] as string;
    return received;
  };
}

describe('sessionAffinity: ClientIP', () => {
  const affinity = 'sessionAffinity: ClientIP';

  test('keeps each client address at one endpoint', async () => {
    const mesh = await testMesh(closing, documents(await instances(4), { affinity }));
    const all = new Set<string>();
    for (let client = 2; client < 14; client += 1) {
      const seen = await instancesOf(5, () => ask(mesh, {}, `127.0.0.${client}`));
      assert.equal(seen.size, 1, `127.0.0.${client} went to ${[...seen]}`);
      for (const instance of seen) all.add(instance);
    }
    assert.ok(all.size > 1, 'clients are spread over the endpoints');
  });

  test('moves only clients whose endpoint goes, and none when an endpoint comes', async () => {
    const ports = await instances(4);
    const mesh = await testMesh(closing, documents(ports.slice(0, 3), { affinity }));
    const clients = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);
    const places = () => Promise.all(clients.map(async (client) => (await ask(mesh, {}, client)).instance));
    const before = await places();
    mesh.documents = { config: documents(ports, { affinity }) };
    await mesh.reload('test', 'one more');
    assert.deepEqual(await places(), before);
    const gone = before[0] as string;
    mesh.documents = {
      config: documents(
        ports.filter((_, index) => String(index) !== gone),
        { affinity },
      ),
    };
    await mesh.reload('test', 'one less');
    const after = await places();
    for (const [index, place] of before.entries()) {
      if (place === gone) assert.notEqual(after[index], gone);
      else assert.equal(after[index], place);
    }
    assert.deepEqual(await places(), after);
  });
});

describe('sessionPersistence of a BackendTrafficPolicy', () => {
  test('with a cookie keeps a client at its endpoint', async () => {
    const policy = 'sessionPersistence: { sessionName: where }';
    const mesh = await testMesh(closing, documents(await instances(4), { policy }));
    const all = new Set<string>();
    for (let client = 0; client < 12; client += 1) {
      const one = browser(mesh);
      const first = await one();
      assert.match(String(first.headers['set-cookie']), /^where=v1\.[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
      assert.deepEqual(await instancesOf(30, one), new Set([first.instance]));
      all.add(first.instance);
    }
    assert.ok(all.size > 1, 'clients are spread over the endpoints');
  });

  test('with a header keeps a client that sends its session back', async () => {
    const policy = 'sessionPersistence: { type: Header, sessionName: X-Where, idleTimeout: 1h }';
    const mesh = await testMesh(closing, documents(await instances(4), { policy }));
    const first = await ask(mesh);
    const given = first.headers['x-where'];
    assert.ok(typeof given === 'string');
    assert.deepEqual(await instancesOf(30, () => ask(mesh, { 'x-where': given })), new Set([first.instance]));
  });

  test('with a header takes a value of the client for its name', async () => {
    const policy = 'sessionPersistence: { type: Header, sessionName: x-tenant }';
    const mesh = await testMesh(closing, documents(await instances(4), { policy }));
    const all = new Set<string>();
    for (let tenant = 0; tenant < 12; tenant += 1) {
      const seen = await instancesOf(5, () => ask(mesh, { 'x-tenant': `tenant-${tenant}` }));
      assert.equal(seen.size, 1);
      for (const instance of seen) all.add(instance);
    }
    assert.ok(all.size > 1, 'clients are spread over the endpoints');
  });

  test('gives a client another endpoint when its own is gone', async () => {
    const policy = 'sessionPersistence: {}';
    const ports = await instances(3);
    const mesh = await testMesh(closing, documents(ports, { policy }));
    const one = browser(mesh);
    const { instance } = await one();
    mesh.documents = {
      config: documents(
        ports.filter((_, index) => String(index) !== instance),
        { policy },
      ),
    };
    await mesh.reload('test', 'one less');
    const next = await one();
    assert.notEqual(next.instance, instance);
    assert.notEqual(next.headers['set-cookie'], undefined);
    assert.deepEqual(await instancesOf(10, one), new Set([next.instance]));
  });

  test('moves no client because of one request that was retried elsewhere', async () => {
    const options = { policy: 'sessionPersistence: {}', retry: ', retry: { attempts: 2, backoff: 1ms }' };
    const mesh = await testMesh(closing, documents(await instances(3), options));
    const one = browser(mesh);
    const { instance } = await one();
    failing.add(Number(instance));
    const elsewhere = await one();
    assert.notEqual(elsewhere.instance, instance);
    assert.equal(elsewhere.headers['set-cookie'], undefined);
    assert.equal((await one()).instance, instance);
  });
});
