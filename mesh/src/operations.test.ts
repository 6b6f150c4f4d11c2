import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { adminClient } from './cli/admin-client.ts';
import type { JournalEntry } from './control/journal.ts';
import type { MeshStatus } from './control/status.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const head = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';

async function shop(over: Parameters<typeof testMesh>[2] = {}) {
  const upstream = await upstreamServer(closing, (_request, response) => response.end('ok'));
  const config = (weight = 1) =>
    meshConfig(
      [service('shop', [upstream.port])],
      [route('shop', [rule({ backendRefs: [backendRef('shop', weight)] })])],
    );
  const mesh = await testMesh(closing, config(), over);
  return { mesh, config, admin: adminClient(mesh.adminUrl, undefined) };
}

describe('new documents', () => {
  test('are in the journal with what has changed', async () => {
    const { mesh, config, admin } = await shop();
    mesh.documents = { config: config(7) };
    await mesh.reload('ann', 'more');
    const { entries } = await admin.get<{ entries: JournalEntry[] }>('/journal');
    assert.deepEqual(entries[0]?.details.changes, ['route shop: weights shop 1->7']);
  });

  test('with other ports are in force without them; the status, the journal and the log say so', async () => {
    const { mesh, config, admin } = await shop();
    const next = config(2);
    const [gateway] = next.gateways;
    const [listener] = gateway?.listeners ?? [];
    assert.ok(gateway !== undefined && listener !== undefined);
    next.gateways = [{ ...gateway, listeners: [{ ...listener, port: 8081 }] }];
    mesh.documents = { config: next };
    await mesh.reload('ann', '');
    const wanted = [
      'edge 127.0.0.1:8081 is listened on after a restart',
      'edge 127.0.0.1:0 is listened on until a restart',
    ];
    assert.deepEqual((await admin.get<MeshStatus>('/status')).restartNeeded, wanted);
    const { entries } = await admin.get<{ entries: JournalEntry[] }>('/journal');
    assert.deepEqual(entries[0]?.details.restartNeeded, wanted);
    assert.ok(mesh.log.lines.some(({ level, message }) => level === 'warn' && message.startsWith('listening ports')));

    mesh.documents = { config: config(3) };
    await mesh.reload('ann', '');
    assert.deepEqual((await admin.get<MeshStatus>('/status')).restartNeeded, []);
  });

  test('that leave a service as it is start no new health check of it', async () => {
    let asked = 0;
    const upstream = await upstreamServer(closing, (incoming, response) => {
      if (incoming.url === '/health') asked += 1;
      response.end('ok');
    });
    const healthCheck = {
      path: '/health',
      intervalMs: 60_000,
      timeoutMs: 1000,
      healthyThreshold: 1,
      unhealthyThreshold: 1,
      expectedStatus: { from: 200, to: 299 },
    };
    const config = (weight: number, intervalMs = 60_000) => {
      const checked = service('shop', [upstream.port]);
      checked.policy = { ...checked.policy, healthCheck: { ...healthCheck, intervalMs } };
      return meshConfig([checked], [route('shop', [rule({ backendRefs: [backendRef('shop', weight)] })])]);
    };
    const mesh = await testMesh(closing, config(1));
    await until(() => asked === 1, 'it is checked');
    for (let weight = 2; weight < 10; weight += 1) {
      mesh.documents = { config: config(weight) };
      await mesh.reload('ann', '');
    }
    assert.equal(await (await fetch(mesh.url)).text(), 'ok');
    assert.equal(asked, 1);
    mesh.documents = { config: config(1, 50_000) };
    await mesh.reload('ann', '');
    await until(() => asked === 2, 'a service that has changed is checked again');
  });

  test('with warnings are in force, and the warnings are in the log', async () => {
    const { mesh, config } = await shop();
    mesh.documents = { config: config(2), warnings: ['mesh.yaml:1:1: a warning'] };
    await mesh.reload('ann', '');
    assert.ok(mesh.log.lines.some(({ level, warning }) => level === 'warn' && warning === 'mesh.yaml:1:1: a warning'));
  });
});

test('/config shows documents without values of header fields that may be secrets', async () => {
  const upstream = await upstreamServer(closing, (_request, response) => response.end('ok'));
  const secret = rule({
    backendRefs: [backendRef('shop')],
    filters: [
      {
        type: 'RequestHeaderModifier',
        modifier: { set: [{ name: 'authorization', value: 'Bearer of-a-secret' }], add: [], remove: [] },
      },
    ],
  });
  const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('shop', [secret])]));
  const text = await (await fetch(`${mesh.adminUrl}/config`)).text();
  assert.match(text, /"kind": "List"/);
  assert.match(text, /\[redacted\]/);
  assert.doesNotMatch(text, /of-a-secret/);
});

test('a mesh of one process has no workers to restart, and says so', async () => {
  const { admin } = await shop();
  assert.deepEqual(await admin.get('/workers'), { workers: [], replacement: null });
  await assert.rejects(() => admin.post('/restart', {}), /no workers to replace/);
});

describe('a mesh that drains', () => {
  test('replies to a request on an open connection, and closes the connection', async () => {
    const { mesh } = await shop({ drainIdleMs: 60_000, drainMs: 60_000 });
    const used = await RawClient.to(mesh.edgePort, closing);
    used.send(head);
    await used.untilReceived(/ok$/);
    const fresh = await RawClient.to(mesh.edgePort, closing);
    await until(
      async () => /http_server_open_connections\{entrance="edge"\} 2\n/.test(await metrics(mesh.adminUrl)),
      'both are accepted',
    );
    const stopped = mesh.stop();
    await until(() => refused(mesh.edgePort), 'it accepts no more');
    for (const client of [used, fresh]) {
      client.send(head);
      assert.match(await client.untilClosed(), /connection: close\r\n[\s\S]*ok$/i);
    }
    await stopped;
  });

  test('closes unused connections after `drainIdleMs`, and waits no longer for them', async () => {
    const { mesh } = await shop({ drainIdleMs: 50, drainMs: 60_000 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(head);
    await client.untilReceived(/ok$/);
    await mesh.stop();
    await client.untilClosed();
  });
});

async function metrics(adminUrl: string): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', agent: new Agent() }, (response) => {
      response.resume();
      resolve(false);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    sent.end();
  });
}
