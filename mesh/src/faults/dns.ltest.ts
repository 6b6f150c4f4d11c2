import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, testMesh, until } from '../testing/harness.ts';
import { startLoad } from '../testing/load.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** Every address of 127.0.0.0/8 is this machine. A name resolves to one of these, and the port is the same on all. */
const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

interface Instance {
  host: string;
  asked: number;
  /** Replies that last until the test ends them. */
  downloads: ServerResponse[];
}

async function instanceOn(host: string, port: number): Promise<Instance> {
  const instance: Instance = { host, asked: 0, downloads: [] };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    instance.asked += 1;
    response.setHeader('x-instance', host);
    if (request.url === '/download') {
      instance.downloads.push(response);
      response.write('first half, ');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`${request.method} ${Buffer.concat(chunks)}`));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  closing.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return instance;
}

async function namedShop() {
  const port = await quietPort();
  const instances = await Promise.all(hosts.map((host) => instanceOn(host, port)));
  const { discovery } = backendPolicy();
  const shop = {
    ...service('shop', [], { discovery: { ...discovery, dnsTtlMs: 20 } }),
    ports: [{ port: 80, targetPort: port }],
    externalName: 'shop.test',
  };
  const retry = { codes: [502, 503, 504], attempts: 2, backoffMs: 25 };
  const config = meshConfig([shop], [route('all', [rule({ backendRefs: [backendRef('shop')], retry })])]);
  const dns = { addresses: [hosts[0], hosts[1]] as string[] | Error, asked: 0 };
  const mesh = await testMesh(closing, config, {
    resolve: async (host) => {
      assert.equal(host, 'shop.test');
      dns.asked += 1;
      if (dns.addresses instanceof Error) throw dns.addresses;
      return { addresses: dns.addresses.slice() };
    },
  });
  const load = startLoad(closing, {
    url: mesh.url,
    clients: 8,
    requestsMax: 50_000,
    expected: (method, body) => `${method} ${body}`,
  });
  const endpoints = () => mesh.registry.find('shop', 80)?.endpoints.map(({ host }) => host) ?? [];
  return { instances, mesh, dns, load, endpoints };
}

describe('a name with a new address, under load', () => {
  test('new requests follow the name, requests in flight end where they are, and none fails', async () => {
    const { instances, mesh, dns, load, endpoints } = await namedShop();
    const [first, second, third] = instances as [Instance, Instance, Instance];
    await until(() => first.asked > 0 && second.asked > 0, 'both instances are used');

    const downloads: RawClient[] = [];
    while (first.downloads.length === 0) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('GET /download HTTP/1.1', 'Host: shop', 'Connection: close', '', '');
      await client.untilReceived(/first half/);
      downloads.push(client);
    }

    for (let round = 0; round < 10; round += 1) {
      dns.addresses = round % 2 === 0 ? [hosts[1], hosts[2]] : [hosts[0], hosts[1]];
      const [left, came] = round % 2 === 0 ? [first, third] : [third, first];
      await until(() => endpoints().includes(came.host), 'the new address is in use');
      assert.ok(!endpoints().includes(left.host));
      await load.settled();
      const { asked } = left;
      const cameAsked = came.asked;
      await load.more(50);
      await until(() => came.asked > cameAsked, 'the new instance is used');
      assert.equal(left.asked, asked, 'no new request goes to the old instance');
    }

    for (const { downloads: held } of instances) for (const download of held) download.end('second half');
    for (const client of downloads) assert.match(await client.untilClosed(), /first half, [\s\S]*second half/);
    await load.stop();
    assert.deepEqual(load.failures(), []);
  });

  test('an outage of DNS removes no endpoints', async () => {
    const { dns, load, endpoints } = await namedShop();
    await load.more(50);
    dns.addresses = new Error('the resolver is down');
    const { asked } = dns;
    await until(() => dns.asked > asked + 3, 'look-ups have failed');
    assert.deepEqual(endpoints(), [hosts[0], hosts[1]]);
    await load.more(100);
    dns.addresses = [hosts[2]];
    await until(() => endpoints().join() === hosts[2], 'the name is looked up again');
    await load.settled();
    const from = load.outcomes.length;
    await load.more(100);
    assert.ok(load.outcomes.slice(from).every(({ instance }) => instance === hosts[2]));
    await load.stop();
    assert.deepEqual(load.failures(), []);
  });
});
