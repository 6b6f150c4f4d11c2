import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { defaults } from '../config/defaults.ts';
import { seeded } from '../policy/testing.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, upstreamServer } from '../testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const limitBytes = defaults.retryBodyLimitBytes;
const caseCount = Number(process.env.MESH_TEST_BODIES ?? 3000);
const retriesMax = 3;

/** How an attempt fails. */
const breaks = ['resets', 'closes', '503', 'garbage'] as const;

/** One request: its body, how it is sent, and how the attempts before the successful one fail. */
interface Case {
  id: number;
  body: Buffer;
  /** Where the client splits its body. */
  pieces: Buffer[];
  chunked: boolean;
  /** For each failing attempt: how it fails, and after how many bytes of the body. */
  failures: { how: (typeof breaks)[number]; afterBytes: number }[];
  /** The number of attempts that have read the whole body. */
  whole: number;
}

function caseOf(id: number, noise: Buffer, random: () => number): Case {
  const below = (n: number) => Math.floor(random() * n);
  const kind = random();
  const size =
    kind < 0.5
      ? limitBytes - 300 + below(601)
      : kind < 0.75
        ? below(limitBytes + 1)
        : kind < 0.85
          ? below(10)
          : limitBytes + 1 + below(2 * limitBytes);
  const from = below(noise.length - size);
  const body = noise.subarray(from, from + size);
  const cuts = Array.from({ length: below(6) }, () => below(size + 1)).sort((a, b) => a - b);
  const pieces = [0, ...cuts]
    .map((from, i) => body.subarray(from, cuts[i] ?? size))
    .filter((piece) => piece.length > 0);
  const failures = Array.from({ length: below(retriesMax + 1) }, () => ({
    how: breaks[below(breaks.length)] as (typeof breaks)[number],
    afterBytes: random() < 0.2 ? 0 : below(size + 1),
  }));
  return { id, body, pieces, chunked: random() < 0.5, failures, whole: 0 };
}

test('every attempt gets the body of the request, byte for byte, for any size and wherever earlier attempts failed', async (t) => {
  const seed = Number(process.env.MESH_TEST_SEED ?? randomInt(2 ** 31));
  const name = `MESH_TEST_SEED=${seed}`;
  t.diagnostic(name);
  const random = seeded(seed);
  const noise = Buffer.from(Uint8Array.from({ length: 4 * limitBytes }, () => random() * 256));
  const cases = Array.from({ length: caseCount }, (_, id) => id);
  const open = new Map<string, Case>();
  const wrong: string[] = [];

  const upstream = (incoming: IncomingMessage, response: ServerResponse) => {
    const one = open.get(String(incoming.headers['x-case']));
    const attempt = Number(incoming.headers['x-mesh-attempt']);
    assert.ok(one !== undefined);
    const label = `${name}, case ${one.id}, attempt ${attempt}`;
    const failure = one.failures[attempt - 1];
    let read = 0;
    let failed = false;
    const fail = (how: (typeof breaks)[number]) => {
      failed = true;
      if (how === 'resets') incoming.socket.resetAndDestroy();
      else if (how === 'closes') incoming.socket.destroy();
      else if (how === 'garbage') incoming.socket.write('this is not HTTP\r\n\r\n');
      else response.writeHead(503).end();
    };
    incoming.on('error', () => {});
    response.on('error', () => {});
    if (failure?.afterBytes === 0) fail(failure.how);
    incoming.on('data', (chunk: Buffer) => {
      if (!chunk.equals(one.body.subarray(read, read + chunk.length))) wrong.push(`${label}: other bytes at ${read}`);
      read += chunk.length;
      if (!failed && failure !== undefined && read >= failure.afterBytes) fail(failure.how);
    });
    incoming.on('end', () => {
      if (read !== one.body.length) wrong.push(`${label}: ended after ${read} of ${one.body.length} bytes`);
      one.whole += 1;
      if (!failed) response.end(String(read));
    });
  };
  const ports = [(await upstreamServer(closing, upstream)).port, (await upstreamServer(closing, upstream)).port];
  const policy = {
    circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false },
    retryBudget: { percent: 100, minRetriesPerSecond: 100_000, ttlMs: 10_000 },
    // Most attempts are made to fail.
    retry: { ...backendPolicy().retry, duringOutage: true },
  };
  const retry = { codes: [502, 503, 504], attempts: retriesMax, backoffMs: 1 };
  const rules = [rule({ backendRefs: [backendRef('shop')], retry })];
  const mesh = await testMesh(closing, meshConfig([service('shop', ports, policy)], [route('all', rules)]));
  const agent = new Agent({ keepAlive: true });
  closing.add(() => agent.destroy());

  const run = async (one: Case) => {
    const { status, content } = await send(`${mesh.url}/`, one, agent);
    const { length } = one.body;
    const label = `${name}, case ${one.id}: ${length} bytes in ${one.pieces.length} pieces, chunked: ${one.chunked}, ${JSON.stringify(one.failures)}: ${status}`;
    if (length <= limitBytes || one.failures.length === 0) {
      assert.equal(status, 200, label);
      assert.equal(content, String(length), label);
    } else if (status === 200) assert.equal(content, String(length), label);
    else assert.ok([502, 503].includes(status), label);
    // A body too long to be kept is sent only once.
    if (length > limitBytes) assert.ok(one.whole <= 1, label);
  };
  const client = async () => {
    for (let id = cases.shift(); id !== undefined; id = cases.shift()) {
      const one = caseOf(id, noise, seeded(seed + id));
      open.set(String(id), one);
      await run(one);
      open.delete(String(id));
      assert.deepEqual(wrong, []);
    }
  };
  await Promise.all(Array.from({ length: 6 }, client));
});

function send(url: string, one: Case, agent: Agent): Promise<{ status: number; content: string }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { 'x-case': String(one.id) };
    if (!one.chunked) headers['content-length'] = String(one.body.length);
    const sent = request(url, { method: 'PUT', agent, headers }, async (response) => {
      const content = await readText(response);
      resolve({ status: response.statusCode ?? 0, content });
    });
    sent.on('error', reject);
    const next = (at: number) => {
      const piece = one.pieces[at];
      if (piece === undefined) {
        sent.end();
        return;
      }
      // Each piece is sent before the next one, so that they arrive as pieces.
      sent.write(piece, () => setImmediate(next, at + 1));
    };
    next(0);
  });
}
