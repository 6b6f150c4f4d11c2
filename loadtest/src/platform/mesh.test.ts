import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { bucketsFrom, difference, quantileBounds, requestBuckets, sum } from './mesh.ts';

const text = (small: number, all: number) => `# TYPE d histogram
d_bucket{route="token",service="auth",le="0.001"} ${small}
d_bucket{route="token",service="auth",le="0.005"} ${all}
d_bucket{route="token",service="auth",le="+Inf"} ${all}
d_bucket{route="token",service="monolith",le="0.001"} 1
d_bucket{route="token",service="monolith",le="+Inf"} 1
d_bucket{route="monolith",service="monolith",le="+Inf"} 900
d_sum{route="token",service="auth"} 3
`;

test('the mesh’s histogram is the sum over the series of one route, between two scrapes', () => {
  const before = bucketsFrom(text(5, 5), 'd', { route: 'token' });
  const after = bucketsFrom(text(10, 105), 'd', { route: 'token' });
  assert.equal(before.get(0.001), 6);
  const added = difference(before, after);
  assert.equal(added.get(Number.POSITIVE_INFINITY), 100);
  assert.deepEqual(quantileBounds(added, 0.5), { aboveMs: 1, upToMs: 5 });
  // The first bucket has no lower bound, the last no upper one: they tell nothing.
  assert.equal(quantileBounds(added, 0.01), null);
  assert.equal(
    quantileBounds(
      new Map([
        [0.001, 1],
        [Number.POSITIVE_INFINITY, 9],
      ]),
      0.5,
    ),
    null,
  );
});

test('an empty histogram has no median', () => {
  assert.equal(quantileBounds(new Map(), 0.5), null);
});

test('histograms of several windows are added up bucket by bucket', () => {
  assert.deepEqual(
    sum([
      new Map([[1, 2]]),
      new Map([
        [1, 3],
        [5, 4],
      ]),
    ]),
    new Map([
      [1, 5],
      [5, 4],
    ]),
  );
});

test('a mesh without the histogram differs from a mesh without requests', async () => {
  const replies: [number, string][] = [
    [200, 'up 1\n'],
    [403, 'no'],
  ];
  const server = createServer((_request, response) => {
    const [status, body] = replies.shift() ?? [500, ''];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await assert.rejects(requestBuckets(url, { route: 'token' }), /has no http_server_request_duration_seconds/);
    await assert.rejects(requestBuckets(url, { route: 'token' }), /replied 403/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
