import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Moving, openMovingTo, type RunningWorker } from '../src/testing/moving.ts';
import { followerInThread } from './follower-thread.ts';
import { followers } from './followers.ts';

const help = `Measures the migration engine on real stores: PostgreSQL to a service on another store.

  npm run stores -- node migration/bench/moving.ts [--to mariadb,sqlite,postgres,redis,duckdb] [--rows 20000] [--rounds 3]
                                                  [--writes 2000] [--rate 200]

  backfill   aggregates a second, from the monolith through HTTP to the service's store, committed; the best and the
             median of the rounds, and the CPU that worker and service take for one, in two threads
  parity     seconds to compare both sides
  lag        from a write at the monolith to its commit at the service, at a steady rate of writes
  settling   what it adds to a write to wait until the other side has it; and its CPU in worker and service

\`--writes 0\` leaves lag and settling out. The load of the machine stands at the end of each line.
`;

interface Plan {
  rows: number;
  rounds: number;
  writes: number;
  rate: number;
}

/** Runs the bench and prints one line a figure. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      to: { type: 'string', default: 'mariadb' },
      rows: { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '3' },
      writes: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const plan = {
    rows: Number(values.rows),
    rounds: Number(values.rounds),
    writes: Number(values.writes),
    rate: Number(values.rate),
  };
  for (const store of values.to.split(',')) {
    if (!followers[store])
      throw new Error(`there is no store ${store}; there is: ${Object.keys(followers).join(', ')}`);
    const moving = await openMovingTo((token) => followerInThread(store, token));
    try {
      await measure(store, moving, plan);
    } finally {
      await moving.drop();
    }
  }
}

async function measure(store: string, moving: Moving<unknown>, { rows, rounds, writes, rate }: Plan): Promise<void> {
  const print = (name: string, text: string) =>
    process.stdout.write(`${store.padEnd(9)}${name.padEnd(10)}${text}  [load ${loadavg()[0]?.toFixed(1)}]\n`);
  await moving.monolith.query(
    `insert into brands (name, slug, description, status)
     select 'Brand ' || n, 'brand-' || n, repeat('A brand with a description. ', 8), 'live' from generate_series(1, $1) as n`,
    [rows],
  );
  await moving.monolith.query('analyze brands');
  const one = await moving.worker();
  const perSecond: number[] = [];
  const cpuUs: number[] = [];
  let parityMs = 0;
  for (let round = 0; round < rounds; round++) {
    const copied = await timed(() => carryOut(one, 'backfill'));
    const compared = await timed(() => carryOut(one, 'parity'));
    parityMs = compared.ms;
    // The backfill ends with a comparison of its own.
    perSecond.push((rows / (copied.ms - compared.ms)) * 1_000);
    cpuUs.push((copied.cpuUs - compared.cpuUs) / rows);
  }
  const best = Math.round(Math.max(...perSecond));
  print('backfill', `${best} aggregates/s, median ${at(perSecond, 0.5)} of ${rounds}; CPU ${at(cpuUs, 0.5)} us each`);
  print('parity', `${(parityMs / 1_000).toFixed(2)} s for ${rows} aggregates`);
  if (writes > 0) await measureWrites(moving, one, writes, rate, print);
}

/** As long as it takes: a busy machine ends no bench. */
async function carryOut({ worker }: RunningWorker, verb: 'backfill' | 'parity'): Promise<void> {
  const operation = worker.begin('brands', verb, { full: true });
  while (operation.state === 'running') await pause(2);
  if (operation.state === 'failed') throw new Error(String(operation.result));
}

async function measureWrites(
  moving: Moving<unknown>,
  { worker }: RunningWorker,
  writes: number,
  rate: number,
  print: (name: string, text: string) => void,
): Promise<void> {
  const ids = (await moving.monolith.query<{ id: string }>('select id from brands limit 500')).map(({ id }) => id);
  const settled: number[] = [];
  const underWay: Promise<void>[] = [];
  const all = await timed(async () => {
    const beganMs = performance.now();
    for (let n = 0; n < writes; n++) {
      const waitMs = beganMs + (n / rate) * 1_000 - performance.now();
      if (waitMs > 0) await pause(waitMs);
      underWay.push(
        (async () => {
          await moving.monolith.query('update brands set updated_at = now() where id = $1', [ids[n % ids.length]]);
          settled.push((await timed(() => worker.settle(['brands']))).ms);
        })(),
      );
    }
    await Promise.all(underWay);
  });
  const [status] = await worker.status();
  print('lag', `p50 ${status?.lag?.p50Ms} ms, p99 ${status?.lag?.p99Ms} ms at ${rate} writes/s`);
  print(
    'settling',
    `p50 ${at(settled, 0.5)} ms, p99 ${at(settled, 0.99)} ms at ${rate} writes/s; CPU ${(all.cpuUs / writes).toFixed(0)} us a write`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; cpuUs: number }> {
  const [beganMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - beganMs, cpuUs: user + system };
}

function at(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return value.toFixed(value >= 100 ? 0 : 1);
}

await main();
