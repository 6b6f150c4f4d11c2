/**
 * What each layer costs: CPU microseconds per request that disappear when the layer is left out of the whole stack.
 * There are no sockets, because the cost of system calls would hide the cost of layers: the upstream is a reply in
 * memory. Each stack runs in a process of its own, alternating. Run: node mesh/bench/layers.ts [requests] [rounds]
 */
import { spawnSync } from 'node:child_process';
import { pino } from 'pino';
import { assemble } from '../src/assemble.ts';
import { systemClock } from '../src/clock.ts';
import { Registry } from '../src/discovery/registry.ts';
import { Exchange } from '../src/exchange.ts';
import { Holds } from '../src/hold/holds.ts';
import { lineBlocks } from '../src/line-blocks.ts';
import { HeldMemory } from '../src/memory/held-memory.ts';
import type { Parts } from '../src/parts.ts';
import { localReply } from '../src/reply.ts';
import { routeTable } from '../src/routing/table.ts';
import { MirrorPools } from '../src/service-state/mirror-pools.ts';
import { readSettings } from '../src/settings.ts';
import { Settlers } from '../src/settle/settlers.ts';
import { layersOf } from '../src/stack.ts';
import { createTelemetry } from '../src/telemetry/telemetry.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from '../src/testing/config.ts';

const memory = new HeldMemory(Number.POSITIVE_INFINITY);

/** Layers that every request needs to reach an endpoint. */
const needed: ReadonlySet<string> = new Set(['rescue', 'route', 'split', 'balance', 'upstream']);

const content = Buffer.from(JSON.stringify({ data: 'x'.repeat(1000) }));

function layers() {
  const clock = systemClock;
  const nowhere = pino.destination({ dest: '/dev/null', sync: false });
  const lines = lineBlocks((block) => void nowhere.write(block), systemClock);
  const connect = () => ({
    send: async () => localReply(200, ['content-type', 'application/json', 'x-request-id', 'abc'], content),
    close: async () => {},
    destroy: async () => {},
    follow: () => {},
    full: false,
    stats: () => ({ open: 1, queued: 0 }),
  });
  const registry = new Registry({ clock, connect });
  const policy = backendPolicy({ hedging: { percentile: 99, minDelayMs: 500, maxHedges: 1 } });
  const shop = rule({
    backendRefs: [backendRef('shop')],
    timeouts: { requestMs: 30_000, backendRequestMs: 15_000 },
    retry: { codes: [502, 503, 504], attempts: 2, backoffMs: 25 },
    filters: [{ type: 'ResponseHeaderModifier', modifier: { set: [], add: [], remove: ['x-powered-by'] } }],
  });
  const config = meshConfig([service('shop', [1], policy)], [route('all', [shop])]);
  const parts: Parts = {
    clock,
    random: Math.random,
    log: pino({ level: 'silent' }),
    logLine: lines.write,
    ...createTelemetry(readSettings({}).settings, clock).parts,
    mirrorPools: new MirrorPools(connect),
    settlers: new Settlers({ clock, random: Math.random, log: pino({ level: 'silent' }) }),
    inForce: { routes: null },
    holds: new Holds(clock),
    trustsPeer: () => false,
  };
  const routes = routeTable(config, registry);
  const [made] = registry.services();
  if (made !== undefined) registry.setEndpoints(made, [{ host: '127.0.0.1', port: 1 }]);
  return layersOf(parts, { number: 1, routes });
}

/** CPU µs per request of the stack without `left`. */
async function measure(left: string, requests: number): Promise<number> {
  const { handle } = assemble(layers().filter(({ name }) => name !== left));
  const entrance = { name: 'edge', side: 'north-south', port: 0 } as const;
  const sink = { write: () => true, onWritable() {}, end() {}, fail() {} };
  let id = 0;
  const one = async () => {
    id += 1;
    const exchange = new Exchange({
      facts: {
        id: `6f1b6c2e-${id}`,
        entrance,
        peerAddress: '127.0.0.1',
        clientAddress: '127.0.0.1',
        scheme: 'http',
        startedAtMs: systemClock.now(),
        failure: null,
        flags: [],
        attempts: 0,
        endpoint: null,
        memory,
        bytesReceived: 0,
        span: null,
      },
      method: 'GET',
      path: '/v2/products?page=1',
      authority: '127.0.0.1:8080',
      headers: ['authorization', 'Bearer 0123456789012345678901234567890123456789', 'accept', 'application/json'],
      body: null,
    });
    const reply = await handle(exchange);
    if (reply.status !== 200) throw new Error(`${left}: ${reply.status}`);
    reply.body.pipeTo(sink);
  };
  const many = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      await one();
      // Lets timers and immediates run. Otherwise they would pile up, which does not happen between requests on
      // sockets.
      if (n % 16 === 0) await new Promise(setImmediate);
    }
  };
  await many(requests / 2);
  const before = process.cpuUsage();
  await many(requests);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

function main(requests: number, rounds: number): void {
  const names = ['', ...layers().map(({ name }) => name)].filter((name) => !needed.has(name));
  const found = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const { stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, 'one', name, String(requests)]);
      const us = Number(stdout.toString());
      if (!(us > 0)) throw new Error(`${name}: ${stderr}`);
      found.get(name)?.push(us);
    }
  }
  // The minimum, because other work of the machine can only add to it.
  const least = (name: string) => Math.min(...(found.get(name) ?? []));
  process.stdout.write(`whole stack          ${least('').toFixed(2)} us/request\n`);
  for (const name of names) {
    if (name !== '') process.stdout.write(`${name.padEnd(20)} ${(least('') - least(name)).toFixed(2)}\n`);
  }
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'one') {
  process.stdout.write(String(await measure(rest[0] ?? '', Number(rest[1]))));
  process.exit();
} else main(Number(mode ?? 60_000), Number(rest[0] ?? 3));
