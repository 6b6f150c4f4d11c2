import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendPolicy, backendRef, meshConfig, route, routePolicy, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

async function simple(
  listener: Parameters<typeof upstreamServer>[1],
  over: { requestMs?: number; bodyLimitBytes?: number } = {},
) {
  const upstream = await upstreamServer(closing, listener);
  const { requestMs = 0, bodyLimitBytes = 0 } = over;
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts: { requestMs, backendRequestMs: 0 } })];
  const config = meshConfig(
    [service('shop', [upstream.port])],
    [route('all', rules, { policy: routePolicy({ bodyLimitBytes }) })],
  );
  return { mesh: await testMesh(closing, config), ...upstream };
}

/**
 * More than the kernel can hold between the three processes' sockets: two hops with a send and a receive buffer each, whose
 * sizes it adapts to the traffic.
 */
const big = 2 * (largestBuffer('wmem') + largestBuffer('rmem')) + 16 * 1024 * 1024;
const block = Buffer.alloc(64 * 1024, 'x');

/** Writes `bytes` as fast as the other side takes them; reports how many have been written. */
function pour(into: NodeJS.WritableStream, bytes: number, poured: { bytes: number }): void {
  const more = () => {
    while (poured.bytes < bytes) {
      poured.bytes += block.length;
      if (!into.write(block)) {
        into.once('drain', more);
        return;
      }
    }
    into.end();
  };
  more();
}

describe('back-pressure', () => {
  test('a slow client holds back a big download, and then gets all of it', async () => {
    const poured = { bytes: 0 };
    const { mesh } = await simple((_request, response) => pour(response, big, poured));
    const client = httpRequest(mesh.url).end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    // The client does not read: kernel buffers and one buffer of each hop fill up, and then no byte moves.
    await still(() => poured.bytes);
    assert.ok(poured.bytes < big, `${poured.bytes} bytes have been poured`);
    let received = 0;
    for await (const chunk of response) received += chunk.length;
    assert.equal(received, big);
  });

  test('a slow upstream holds back a big upload, and then gets all of it', async () => {
    const poured = { bytes: 0 };
    let read = () => {};
    const reading = new Promise<void>((resolve) => {
      read = resolve;
    });
    const { mesh } = await simple(async (request, response) => {
      await reading;
      let received = 0;
      for await (const chunk of request) received += chunk.length;
      response.end(String(received));
    });
    const client = httpRequest(mesh.url, { method: 'POST' });
    pour(client, big, poured);
    await still(() => poured.bytes);
    assert.ok(poured.bytes < big, `${poured.bytes} bytes have been poured`);
    read();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    const text = await readText(response);
    assert.equal(text, String(big));
  });

  test('bytes arrive as they were sent, both ways at once', async () => {
    const { mesh } = await simple((request, response) => request.pipe(response));
    const content = Buffer.alloc(3_000_000);
    for (let i = 0; i < content.length; i += 1) content[i] = (i * 31 + (i >> 8)) & 255;
    const response = await fetch(mesh.url, { method: 'POST', body: content });
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(Buffer.from(await response.arrayBuffer())), digest(content));
  });
});

describe('server-sent events', () => {
  test('each arrives when it is sent, and ends when the client leaves', async () => {
    let push = (_event: string) => {};
    let closed = false;
    const { mesh } = await simple((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      push = (event) => response.write(`data: ${event}\n\n`);
      push('one');
      response.on('close', () => {
        closed = true;
      });
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', 'Accept: text/event-stream', '', '');
    await client.untilReceived(/data: one\n\n/);
    push('two');
    await client.untilReceived(/data: two\n\n/);
    client.socket.resetAndDestroy();
    await until(() => closed, 'the upstream ends');
  });

  test('a client that has closed its side and stays silent counts as gone', async () => {
    let closed = false;
    const { mesh } = await simple((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      response.on('close', () => {
        closed = true;
      });
    });
    const client = await RawClient.to(mesh.edgePort, closing, { allowHalfOpen: true });
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await client.untilReceived(/data: one\n\n/);
    client.socket.end();
    await until(() => closed, 'the upstream ends');
  });
});

describe('a client that goes away', () => {
  test('before the head: the upstream sees its request end', async () => {
    let closed = false;
    let arrived = false;
    const { mesh } = await simple((request) => {
      arrived = true;
      request.on('close', () => {
        closed = true;
      });
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await until(() => arrived, 'the upstream has the request');
    client.socket.destroy();
    await until(() => closed, 'the upstream loses the request');
    await until(() => mesh.log.requests().length === 1, 'it is logged');
    assert.equal(mesh.log.requests()[0]?.status, 499);
    assert.equal(mesh.inFlight(), 0);
  });

  test('in the reply: the upstream stops sending', async () => {
    const poured = { bytes: 0 };
    let closed = false;
    const { mesh } = await simple((_request, response) => {
      response.on('close', () => {
        closed = true;
      });
      pour(response, big, poured);
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await client.untilReceived(/200 OK/);
    client.socket.destroy();
    await until(() => closed, 'the upstream stops');
    assert.ok(poured.bytes < big);
  });

  test('in its upload: the upstream sees it broken off, never whole', async () => {
    let outcome = '';
    const { mesh } = await simple((request) => {
      request.on('data', () => {
        outcome = 'data';
      });
      request.on('end', () => {
        outcome = 'whole';
      });
      request.on('close', () => {
        if (!request.complete) outcome = 'broken off';
      });
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('POST / HTTP/1.1', 'Host: shop', 'Transfer-Encoding: chunked', '', '5', 'hello', '');
    await until(() => outcome === 'data', 'the upstream has the first part');
    client.socket.destroy();
    await until(() => outcome === 'broken off', 'the upstream sees the upload broken off');
  });

  test('leaves the mesh serving others', async () => {
    const { mesh } = await simple((request, response) => {
      if (request.url === '/wait') return;
      response.end('ok');
    });
    for (let i = 0; i < 20; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('GET /wait HTTP/1.1', 'Host: shop', '', '');
      client.socket.destroy();
    }
    assert.equal(await (await fetch(mesh.url)).text(), 'ok');
    await until(() => mesh.inFlight() === 0, 'nothing is in flight');
  });
});

describe('deadlines', () => {
  test('a head that does not come gives 504, and the upstream request ends', async () => {
    let closed = false;
    const { mesh } = await simple(
      (request) =>
        request.on('close', () => {
          closed = true;
        }),
      { requestMs: 1000 },
    );
    const response = await fetch(mesh.url);
    assert.equal(response.status, 504);
    await response.json();
    await until(() => closed, 'the upstream request ends');
  });

  test('a body that does not end breaks off', async () => {
    const { mesh } = await simple((_request, response) => response.write('part'), { requestMs: 1000 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    assert.doesNotMatch(await client.untilClosed(), /\r\n0\r\n\r\n$/);
    await until(() => mesh.log.requests().length === 1, 'it is logged');
    assert.deepEqual(mesh.log.requests()[0]?.flags, ['UT']);
  });
});

describe('an upstream that falls silent', () => {
  test('before its head gives 504, within its body breaks the reply off', async () => {
    const upstream = await upstreamServer(closing, (request, response) => {
      if (request.url === '/body') response.write('part');
    });
    const { timeouts } = backendPolicy();
    const quiet = service('shop', [upstream.port], { timeouts: { ...timeouts, idleMs: 50 } });
    const config = meshConfig([quiet], [route('all', [rule({ backendRefs: [backendRef('shop')] })])]);
    const mesh = await testMesh(closing, config);
    assert.equal((await fetch(mesh.url)).status, 504);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET /body HTTP/1.1', 'Host: shop', '', '');
    assert.doesNotMatch(await client.untilClosed(), /\r\n0\r\n\r\n$/);
    await until(() => mesh.log.requests().length === 2, 'both are logged');
    assert.deepEqual(
      mesh.log.requests().map(({ reason }) => reason),
      ['upstream_idle', 'upstream_idle'],
    );
  });
});

describe('bodies that are too long', () => {
  test('announced: refused before the upstream sees the request', async () => {
    let asked = 0;
    const { mesh } = await simple(
      (_request, response) => {
        asked += 1;
        response.end();
      },
      { bodyLimitBytes: 10 },
    );
    assert.equal((await fetch(mesh.url, { method: 'POST', body: '12345678901' })).status, 413);
    assert.equal(asked, 0);
    assert.equal((await fetch(mesh.url, { method: 'POST', body: '1234567890' })).status, 200);
  });

  test('chunked: refused when they pass the limit', async () => {
    const { mesh } = await simple((request, response) => request.resume().on('end', () => response.end()), {
      bodyLimitBytes: 10,
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(
      'POST / HTTP/1.1',
      'Host: shop',
      'Transfer-Encoding: chunked',
      '',
      '6',
      '123456',
      '6',
      '123456',
      '0',
      '',
      '',
    );
    assert.match(await client.untilReceived(/413 /), /"status":413/);
  });
});

/** The largest buffer of a TCP socket, in bytes: Linux's limit, elsewhere a value above the usual ones. */
function largestBuffer(kind: 'wmem' | 'rmem'): number {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/tcp_${kind}`, 'utf8').trim().split(/\s+/)[2]);
  } catch {
    return 32 * 1024 * 1024;
  }
}

/** Resolves once `figure` has not changed over several checks in a row. */
async function still(figure: () => number): Promise<void> {
  let last = -1;
  let same = 0;
  await until(() => {
    const now = figure();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
    return same > 50;
  }, 'everything stands still');
}
