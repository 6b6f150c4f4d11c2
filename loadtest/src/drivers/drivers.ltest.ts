import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { errorCount } from '../measure/run.ts';
import { closedLoop } from './closed-loop.ts';
import { metronome } from './metronome.ts';
import { openLoopRun } from './open-loop.ts';
import { openLoop } from './open-loop-core.ts';
import { assertLocal, type Target } from './request.ts';
import { constantRate } from './schedule.ts';

async function serving(
  listener: RequestListener,
  use: (target: Target, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await use({ url, requests: [{ method: 'GET', path: '/', headers: {} }] }, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Every nth request goes to `fault`; the others get a reply. */
function everyNth(n: number, fault: RequestListener): RequestListener {
  let count = 0;
  return (request, response) => {
    count += 1;
    if (count % n === 0) fault(request, response);
    else response.end('ok');
  };
}

const limits = { connections: 4, outstandingMax: 100, timeoutMs: 300 };
/** Time that passes by itself as soon as something waits for it. */
function eagerClock() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    at: (atMs: number, call: () => void) => {
      setImmediate(() => {
        nowMs = Math.max(nowMs, atMs);
        call();
      });
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('the open loop times a request from when it was due, not from when it was sent', async () => {
  const clock = eagerClock();
  let served = 0;
  const stall: RequestListener = (_request, response) => {
    served += 1;
    if (served === 1) clock.pass(5000); // the target stands still for five seconds of the clock
    response.end('ok');
  };
  await serving(stall, async (target) => {
    const run = await openLoop(target, constantRate(10, 1000), { ...limits, connections: 1 }, clock);
    assert.equal(run.latencyMs.length, 10);
    assert.ok(
      run.latencyMs.filter((ms) => ms >= 3000).length >= 1,
      'the stall is in the figures of the requests that waited for it',
    );
    assert.deepEqual(run.errors, {});
  });
});

test('the open loop discards its warm-up, and reports the number of discarded requests', async () => {
  const clock = eagerClock();
  let served = 0;
  const slowAtFirst: RequestListener = (_request, response) => {
    served += 1;
    if (served <= 5) clock.pass(1000);
    response.end(served <= 5 ? response.writeHead(503) && '' : 'ok');
  };
  await serving(slowAtFirst, async (target) => {
    const run = await openLoop(target, constantRate(10, 1000), { ...limits, warmUpMs: 4500 }, clock);
    assert.ok(run.warmUps >= 5, `${run.warmUps}`);
    assert.equal(served, run.warmUps + 10);
    assert.deepEqual([run.latencyMs.length, run.errors], [10, {}]);
    assert.ok(Math.max(...run.latencyMs) < 1000, 'no stall of the warm-up is in the figures');
  });
});

test('the open loop counts refusals by status', () =>
  serving(
    everyNth(4, (_request, response) => {
      response.statusCode = 503;
      response.end('{}');
    }),
    async (target) => {
      const run = await openLoop(target, constantRate(100, 200), limits, eagerClock());
      assert.deepEqual(run.errors, { 'status 503': 5 });
      assert.equal(run.latencyMs.length, 15);
    },
  ));

test('the open loop counts connections that are cut, and goes on', () =>
  serving(
    everyNth(5, (request) => request.socket.destroy()),
    async (target) => {
      const run = await openLoop(target, constantRate(100, 200), { ...limits, connections: 1 }, eagerClock());
      assert.equal(run.errors.connection, 4);
      assert.equal(run.latencyMs.length, 16);
    },
  ));

test('the open loop counts requests without a reply as timeouts', () =>
  serving(
    everyNth(10, () => {}),
    async (target) => {
      const run = await openLoop(target, constantRate(100, 200), limits, eagerClock());
      assert.equal(run.errors.timeout, 2);
      assert.equal(run.latencyMs.length, 18);
      assert.ok(run.longestFailedMs > 0, 'how long they waited is known');
    },
  ));

test('the open loop drops and counts what exceeds the outstanding limit: it never waits to send', () =>
  serving(
    () => {},
    async (target) => {
      const run = await openLoop(target, constantRate(100, 200), { ...limits, outstandingMax: 3 }, eagerClock());
      assert.equal(run.dropped, 17);
      assert.equal(errorCount(run), 20);
    },
  ));

test('the open loop sends to several origins one after the other', () => {
  const seen = [0, 0];
  const counting =
    (index: number): RequestListener =>
    (_request, response) => {
      seen[index] = (seen[index] ?? 0) + 1;
      response.end('ok');
    };
  return serving(counting(0), (first) =>
    serving(counting(1), async (second) => {
      const target = { ...first, urls: [first.url, second.url] };
      const run = await openLoop(target, constantRate(100, 200), limits, eagerClock());
      assert.equal(run.latencyMs.length, 20);
      assert.deepEqual(seen, [10, 10]);
    }),
  );
});

test('the open loop counts correctly from its own thread', () =>
  serving(
    (_request, response) => response.end('ok'),
    async (target) => {
      const run = await openLoopRun(target, { perSecond: 500, durationMs: 100 });
      assert.equal(run.latencyMs.length, 50);
      assert.equal(errorCount(run), 0);
    },
  ));

test('the closed loop sends the given number of requests, and counts refusals separately', () =>
  serving(
    everyNth(5, (_request, response) => {
      response.statusCode = 500;
      response.end('{}');
    }),
    async (target) => {
      const run = await closedLoop(target, { connections: 1, amount: 20 });
      assert.equal(run.latencyMs.length, 16);
      assert.deepEqual(run.errors, { 'status 500': 4 });
    },
  ));

test('the closed loop measures how long an abandoned request waited', () =>
  serving(
    everyNth(3, () => {}),
    async (target) => {
      const run = await closedLoop(target, { connections: 1, amount: 4, timeoutMs: 1000 });
      assert.ok((run.errors.timeout ?? 0) >= 1, JSON.stringify(run.errors));
      assert.equal(run.longestFailedMs, 1000);
    },
  ));

test('the closed loop counts connections that the target cuts, which autocannon itself does not', () =>
  serving(
    everyNth(5, (request) => request.socket.destroy()),
    async (target) => {
      const run = await closedLoop(target, { connections: 1, amount: 20 });
      assert.equal(run.errors['closed by the target'], 4);
      assert.equal(run.errors.lost, 4);
      assert.equal(run.latencyMs.length, 16);
    },
  ));

test('the closed loop reports that replies closed the connection: its latencies are wrong from then on', () =>
  serving(
    everyNth(5, (_request, response) => {
      response.setHeader('connection', 'close');
      response.end('ok');
    }),
    async (target) => {
      const run = await closedLoop(target, { connections: 1, amount: 20 });
      assert.ok((run.errors['closed by the target'] ?? 0) >= 3, JSON.stringify(run.errors));
    },
  ));

test('the closed loop does not count requests as lost that are in flight at the end', () =>
  serving(
    (_request, response) => response.end('ok'),
    async (target) => {
      const run = await closedLoop(target, { connections: 3, durationMs: 200 });
      assert.deepEqual(run.errors, {});
    },
  ));

test('the open loop reports how late it sent requests', () =>
  serving(
    (_request, response) => response.end('ok'),
    async (target) => {
      const clock = eagerClock();
      const late = { ...clock, at: (atMs: number, call: () => void) => clock.at(atMs + 7, call) };
      const run = await openLoop(target, constantRate(4, 1000), limits, late);
      assert.equal(run.sendLagMs.length, 4);
      assert.ok(
        run.sendLagMs.every((ms) => ms >= 7),
        JSON.stringify(run.sendLagMs),
      );
    },
  ));

test('the metronome keeps appointments in order, including past ones, and never early', async () => {
  const clock = await metronome();
  const startMs = clock.now();
  for (const dueMs of [startMs - 100, startMs + 5, startMs + 5.5, startMs + 30]) {
    await new Promise<void>((resolve) => clock.at(dueMs, resolve));
    assert.ok(clock.now() >= dueMs, `${clock.now() - dueMs} ms after`);
  }
  await clock.stop();
});

test('an aborted open loop ends at once, with the reason', () =>
  serving(
    () => {},
    async (target) => {
      const stop = new AbortController();
      const run = openLoopRun(target, { perSecond: 10, durationMs: 3_600_000 }, stop.signal);
      stop.abort(new Error('broken off'));
      await assert.rejects(run, /broken off/);
    },
  ));

test('load goes to loopback addresses only', async () => {
  for (const url of [
    'http://10.0.0.1/',
    'http://example.com/',
    'http://192.168.1.4:80',
    'http://127.0.0.1.example.com/',
  ]) {
    assert.throws(() => assertLocal(url), /loopback/);
  }
  for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) assertLocal(url);
  // In a container: its neighbors by address, never a name, another network or a public address.
  const neighbors = ['172.18.0.5/16', '203.0.113.7/24'];
  assertLocal('http://172.18.3.4:8080', neighbors);
  for (const url of ['http://172.19.0.1', 'http://203.0.113.9', 'http://monolith:3000', 'http://172.18.0.1.example']) {
    assert.throws(() => assertLocal(url, neighbors), /neighbors/);
  }
  await assert.rejects(closedLoop({ url: 'http://10.0.0.1', requests: [] }, { connections: 1, amount: 1 }), /loopback/);
});
