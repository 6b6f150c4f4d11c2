import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createTestDatabase, startInstance, type TestDatabase, until } from './testing.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase();
});
after(() => database.drop());

test('an instance registers with the mesh once it is ready, and leaves before it stops serving', async () => {
  const calls: { method: string; path: string; authorization: string; port: number; ready: number }[] = [];
  const mesh = createServer(async (request, response) => {
    const text = await readText(request);
    const { port } = JSON.parse(text) as { port?: number };
    const { method = '', url: path = '', headers } = request;
    const ready = (await fetch(`${instance.service.url}/health/ready`)).status;
    calls.push({ method, path, authorization: headers.authorization ?? '', port: port ?? 0, ready });
    response.writeHead(200).end(JSON.stringify({ ttlMs: 60_000 }));
  });
  await new Promise<void>((resolve) => mesh.listen(0, '127.0.0.1', resolve));
  await database.takeDown();
  const url = `http://127.0.0.1:${(mesh.address() as AddressInfo).port}`;
  const instance = await startInstance(database.url, { MESH_LEASE_URL: url, MESH_LEASE_TOKEN: 'a-lease-token' });
  try {
    assert.equal(calls.length, 0, 'it has no store yet');
    await database.bringBack();
    await until('the registration', () => calls.length === 1);
    const [call] = calls;
    assert.equal(call?.method, 'PUT');
    assert.match(call?.path ?? '', /^\/leases\/auth\/[0-9a-f-]{36}$/);
    assert.equal(call?.port, Number(new URL(instance.service.url).port));
    assert.equal(call?.authorization, 'Bearer a-lease-token');
    assert.equal(call?.ready, 200);
  } finally {
    await instance.close();
    mesh.closeAllConnections();
    mesh.close();
  }
  assert.deepEqual(
    calls.map(({ method, ready }) => [method, ready]),
    [
      ['PUT', 200],
      ['DELETE', 200],
    ],
  );
  assert.equal(calls[1]?.path, calls[0]?.path);
  assert.ok(!instance.lines.join('').includes('a-lease-token'));
});
