import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createLogger } from '../observe/log.ts';
import { until } from '../testing/until.ts';
import { runService, type ServiceParts } from './run.ts';

/** Parts that record the order of their calls. */
function recordedParts(prepare: () => Promise<void>, lease: ServiceParts['lease'] = null) {
  const calls: string[] = [];
  const record = (call: string) => async () => {
    calls.push(call);
  };
  const parts: ServiceParts = {
    name: 'test',
    server: {
      listen: async () => {
        calls.push('listen');
        return 'http://127.0.0.1:1';
      },
      close: record('close'),
    },
    host: '127.0.0.1',
    port: 0,
    prepare: async () => {
      calls.push('prepare');
      await prepare();
    },
    lease,
    release: record('release'),
    logger: createLogger({ level: 'silent', service: 'test' }),
  };
  return { parts, calls };
}

test('a service listens first, retries its preparation, and closes the server before its stores', async () => {
  let storeIsUp = false;
  const { parts, calls } = recordedParts(async () => {
    if (!storeIsUp) throw new Error('the store is down');
  });
  const service = await runService(parts);
  assert.deepEqual(calls, ['listen', 'prepare']);
  storeIsUp = true;
  await service.ready;
  await service.close();
  assert.deepEqual(calls, ['listen', 'prepare', 'prepare', 'close', 'release']);
});

test('a service that is closed before it is ready stops preparing', async () => {
  const { parts, calls } = recordedParts(async () => {
    throw new Error('the store is down');
  });
  const service = await runService(parts);
  await service.close();
  assert.deepEqual(calls, ['listen', 'prepare', 'close', 'release']);
});

test('a service registers with the mesh when it is ready and leaves before it closes', async () => {
  const leases: string[] = [];
  const { parts, calls } = recordedParts(async () => {});
  const mesh = createServer((request, response) => {
    leases.push(`${request.method} ${request.headers.authorization} ${calls.at(-1)}`);
    request.resume();
    response.end('{"ttlMs":60000}');
  }).listen(0, '127.0.0.1');
  await once(mesh, 'listening');
  const meshUrl = `http://127.0.0.1:${(mesh.address() as AddressInfo).port}`;
  const service = await runService({ ...parts, lease: { meshUrl, token: 't' } });
  await until('the registration', () => leases.length === 1);
  await service.close();
  mesh.close();
  assert.deepEqual(leases, ['PUT Bearer t prepare', 'DELETE Bearer t prepare']);
});
