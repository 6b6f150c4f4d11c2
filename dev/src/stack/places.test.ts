import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { placesOf } from './places.ts';
import type { ProcessStatus } from './status.ts';

describe('where each resource is, as the worker tells it', () => {
  const places = [{ resource: 'brands', service: 'brands', at: 'service', moved: true, down: null, failure: null }];
  let status = 200;
  let asked: IncomingMessage | null = null;
  const server = createServer((request, response) => {
    asked = request;
    response.writeHead(status).end(JSON.stringify({ places }));
  });
  before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  after(() => server.close());

  const stack = (state: ProcessStatus['state']) => ({
    processes: {
      migrator: { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } as ProcessStatus,
    },
    commandLine: () => ({ file: '', args: [], cwd: '', env: { MIGRATION_TOKEN: 'the token' } }),
  });

  test('it is asked with its credential', async () => {
    assert.deepEqual(await placesOf(stack('ready')), places);
    assert.deepEqual([asked?.url, asked?.headers.authorization], ['/places', 'Bearer the token']);
  });

  test('a worker that refuses tells nothing', async () => {
    status = 401;
    assert.equal(await placesOf(stack('ready')), null);
  });

  test('a worker that is not ready is not asked', async () => {
    asked = null;
    assert.equal(await placesOf(stack('crashed')), null);
    assert.equal(asked, null);
    assert.equal(await placesOf({ ...stack('ready'), processes: {} }), null);
  });
});
