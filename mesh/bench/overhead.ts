/**
 * What the layers cost: CPU microseconds per request of the proxy process, with the whole stack and with none (the same
 * listener and upstream connections, nothing between), alternating. Run: node mesh/bench/overhead.ts [requests per
 * round]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Agent } from 'undici';
import { systemClock } from '../src/clock.ts';
import { lineBlocks } from '../src/line-blocks.ts';
import { HeldMemory } from '../src/memory/held-memory.ts';
import { runMesh } from '../src/run.ts';
import { createListener } from '../src/server/listener.ts';
import { readSettings } from '../src/settings.ts';
import { backendRef, meshConfig, route, rule, service } from '../src/testing/config.ts';
import { connectionsTo } from '../src/upstream/http1/pool.ts';

const connections = 16;

/** A process of its own: replies with 1 KB of JSON. */
function upstreamProcess(): void {
  const body = Buffer.from(JSON.stringify({ data: 'x'.repeat(1000) }));
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-request-id': 'abc',
    });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

/** A process of its own: sends requests as told, one after the other on each connection. */
function loadProcess(): void {
  const agent = new Agent({ connections, pipelining: 1 });
  process.on('message', async ({ url, requests }: { url: string; requests: number }) => {
    let left = requests;
    let failed = 0;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        const { statusCode, body } = await agent.request({
          origin: url,
          path: '/v2/products?page=1',
          method: 'GET',
          headers: { authorization: 'Bearer 0123456789012345678901234567890123456789', accept: 'application/json' },
        });
        await body.dump();
        if (statusCode !== 200) failed += 1;
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    process.send?.(failed);
  });
  process.send?.('ready');
}

const said = <T>(child: ChildProcess) =>
  new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)));

async function main(requests: number): Promise<void> {
  const upstream = fork(import.meta.filename, ['upstream']);
  const port = await said<number>(upstream);
  const load = fork(import.meta.filename, ['load']);
  await said(load);

  const settings = { ...readSettings({}).settings, adminPort: 0, internalPort: 0 };
  const nowhere = pino.destination({ dest: '/dev/null', sync: false });
  const lines = lineBlocks((block) => void nowhere.write(block), systemClock);
  const timeouts = { requestMs: 30_000, backendRequestMs: 0 };
  // With retries, as on most routes, so that the cost of being able to retry is included.
  const retry = { codes: [502, 503, 504], attempts: 2, backoffMs: 25 };
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts, retry })];
  const mesh = await runMesh({
    settings,
    documents: async () => ({ config: meshConfig([service('shop', [port])], [route('all', rules)]) }),
    log: pino({ level: 'warn' }),
    logLine: lines.write,
  });
  const endpoint = connectionsTo('127.0.0.1', port, {
    connectTimeoutMs: 1000,
    idleTimeoutMs: 60_000,
    keepAliveMs: 4000,
    connectionsMax: 256,
    queueTimeoutMs: 1000,
    retryAfterS: 1,
    headBytesMax: 16_384,
  });
  let id = 0;
  const bare = createListener({
    entrance: { name: 'edge', side: 'north-south', port: 0 },
    host: '127.0.0.1',
    port: 0,
    limits: settings,
    clock: systemClock,
    newId: () => String(++id),
    memory: new HeldMemory(settings.heldBytesMax),
    handler: () => (exchange) => endpoint.send(exchange),
    onRefused: () => {},
  });
  const targets = { bare: await bare.listen(), stack: mesh.ports.get('edge') ?? 0 };
  const perRequestUs: Record<keyof typeof targets, number[]> = { bare: [], stack: [] };

  for (let round = 0; round < 6; round += 1) {
    for (const name of ['bare', 'stack'] as const) {
      const before = process.cpuUsage();
      load.send({ url: `http://127.0.0.1:${targets[name]}`, requests });
      const failed = await said<number>(load);
      const { user, system } = process.cpuUsage(before);
      if (failed > 0) throw new Error(`${failed} requests failed`);
      // The first round warms up.
      if (round > 0) perRequestUs[name].push((user + system) / requests);
    }
  }
  const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const shown = (values: number[]) => values.map((value) => value.toFixed(1)).join(' ');
  process.stdout.write(
    `bare   ${median(perRequestUs.bare).toFixed(1)} us/request  (${shown(perRequestUs.bare)})\n` +
      `stack  ${median(perRequestUs.stack).toFixed(1)} us/request  (${shown(perRequestUs.stack)})\n` +
      `layers ${(median(perRequestUs.stack) - median(perRequestUs.bare)).toFixed(1)} us/request\n`,
  );
  load.kill();
  upstream.kill();
  await mesh.stop();
  await bare.drain(0);
  await endpoint.destroy();
}

const [role] = process.argv.slice(2);
// A child does not outlive its parent.
process.on('disconnect', () => process.exit());
if (role === 'upstream') upstreamProcess();
else if (role === 'load') loadProcess();
else await main(Number(role ?? 20_000));
