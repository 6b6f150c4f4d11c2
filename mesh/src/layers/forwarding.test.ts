import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { defaultBackendPolicy } from '../config/default-policies.ts';
import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import { backendRef, meshConfig, route, routePolicy, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

type Fields = Record<string, string | string[]>;

/** A mesh that trusts loopback and 10.0.0.0/8, before services that reply with their number and the head they got. */
async function trusting(options: { balancer?: Partial<LoadBalancerPolicy>; trusted?: string[]; host?: string } = {}) {
  const { balancer = {}, trusted = ['127.0.0.0/8', '10.0.0.0/8'], host = '127.0.0.1' } = options;
  const servers = await Promise.all(
    [0, 1, 2].map((number) =>
      upstreamServer(closing, (request, response) =>
        response.end(JSON.stringify({ number, headers: request.headers })),
      ),
    ),
  );
  const { loadBalancer } = defaultBackendPolicy();
  const ports = servers.map(({ port }) => port);
  const config = meshConfig(
    [service('shop', ports, { loadBalancer: { ...loadBalancer, ...balancer } })],
    [
      route('all', [rule({ backendRefs: [backendRef('shop')] })], {
        policy: routePolicy({ rateLimits: [{ requestsPerSecond: 0.001, burst: 20, per: 'Client' }] }),
      }),
    ],
  );
  const mesh = await testMesh(closing, config, { trustedProxies: trusted, host });
  const ask = (headers: Fields = {}) =>
    new Promise<{ status: number; number: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port: mesh.edgePort, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, ...JSON.parse(text) }));
      });
      sent.on('error', reject).end();
    });
  return { mesh, ask };
}

describe('fields of a trusted peer', () => {
  test('are kept one by one, and missing fields are added', async () => {
    const { ask } = await trusting();
    const proto = await ask({ host: 'shop.example', 'x-forwarded-proto': 'https' });
    assert.equal(proto.headers['x-forwarded-proto'], 'https');
    assert.equal(proto.headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(proto.headers['x-forwarded-host'], 'shop.example');
    const chain = await ask({ host: 'shop.example', 'x-forwarded-for': '192.0.2.1' });
    assert.equal(chain.headers['x-forwarded-for'], '192.0.2.1, 127.0.0.1');
    assert.equal(chain.headers['x-forwarded-proto'], 'http');
    assert.equal(chain.headers['x-forwarded-host'], 'shop.example');
    const name = await ask({ host: 'inner.example', 'x-forwarded-host': 'outer.example' });
    assert.equal(name.headers['x-forwarded-host'], 'outer.example');
    assert.equal(name.headers['x-forwarded-for'], '127.0.0.1');
  });

  test('reach the service with one scheme that it can read', async () => {
    const { ask } = await trusting();
    for (const proto of ['https, http', 'HTTPS', ['https', 'http']]) {
      assert.equal((await ask({ 'x-forwarded-proto': proto })).headers['x-forwarded-proto'], 'https', String(proto));
    }
  });

  test('of anyone else are replaced, and a comma in the host makes no list of it', async () => {
    const { ask } = await trusting({ trusted: [] });
    const { headers } = await ask({ host: 'a,b', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' });
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-forwarded-host'], 'a%2Cb');
  });
});

describe('the client behind a trusted peer', () => {
  test('has one limit, whatever it claims and whatever port it uses', async () => {
    const { ask } = await trusting();
    const statuses = [];
    for (let i = 0; i < 21; i += 1) {
      statuses.push(
        (await ask({ 'x-forwarded-for': [`made-up-${i}`, `192.0.2.${i}, 203.0.113.5:${4000 + i}`] })).status,
      );
    }
    assert.deepEqual(statuses, [...Array<number>(20).fill(200), 429]);
    assert.equal((await ask({ 'x-forwarded-for': '203.0.113.6' })).status, 200);
  });

  test('determines the hash by Source', async () => {
    const { ask } = await trusting({ balancer: { algorithm: 'ConsistentHash', consistentHash: { type: 'Source' } } });
    const numbers = new Map<string, number>();
    for (let i = 0; i < 40; i += 1) {
      const client = `203.0.113.${i}`;
      const { number } = await ask({ 'x-forwarded-for': client });
      numbers.set(client, number);
      assert.equal((await ask({ 'x-forwarded-for': `1.1.1.1, ${client}:99, 10.0.0.1` })).number, number, client);
    }
    assert.equal(new Set(numbers.values()).size, 3, 'the clients of one proxy are spread');
  });

  test('is in the log and in the trace, beside the peer', async () => {
    const { mesh, ask } = await trusting();
    await ask({ 'x-forwarded-for': '1.1.1.1, 203.0.113.5:99', 'x-forwarded-proto': 'https' });
    await ask();
    await until(() => mesh.log.requests().length === 2, 'both requests are logged');
    const [behind, direct] = mesh.log.requests();
    assert.deepEqual([behind?.client, behind?.peer], ['203.0.113.5', '127.0.0.1']);
    assert.deepEqual([direct?.client, direct?.peer], ['127.0.0.1', undefined]);
    const { traces } = (await (await fetch(`${mesh.adminUrl}/traces`)).json()) as {
      traces: { attributes: Record<string, unknown> }[];
    };
    const server = traces.find(({ attributes }) => attributes['client.address'] === '203.0.113.5')?.attributes;
    assert.equal(server?.['network.peer.address'], '127.0.0.1');
    assert.equal(server?.['url.scheme'], 'https');
  });
});

test('an IPv4 client of a socket for both families is its IPv4 address, everywhere', async () => {
  const { mesh, ask } = await trusting({ host: '::', trusted: [] });
  const { headers } = await ask();
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  await until(() => mesh.log.requests().length === 1, 'the request is logged');
  assert.equal(mesh.log.requests()[0]?.client, '127.0.0.1');
});
