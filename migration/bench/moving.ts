import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openMoving } from '../src/testing/moving.ts';

const help = `Measures the migration engine on real stores: PostgreSQL to a service on MariaDB.

  npm run stores -- node migration/bench/moving.ts [--rows 20000] [--writes 2000] [--rate 200]

  backfill   aggregates a second, from the monolith through HTTP to the service's store, committed
  parity     seconds to compare both sides
  lag        from a write at the monolith to its commit at the service, at a steady rate of writes
  settling   what it adds to a write to wait until the other side has it
`;

/** Runs the bench and prints one line a figure. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '20000' },
      writes: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const [rows, writes, rate] = [Number(values.rows), Number(values.writes), Number(values.rate)];
  const moving = await openMoving();
  try {
    await moving.monolith.query(
      `insert into brands (name, slug, description, status)
       select 'Brand ' || n, 'brand-' || n, repeat('A brand with a description. ', 8), 'live' from generate_series(1, $1) as n`,
      [rows],
    );
    const one = await moving.worker();
    const [backfilledMs] = await timed(() => one.run('backfill'));
    const [parityMs] = await timed(() => one.run('parity'));
    // The backfill ends with a comparison of its own.
    const copiedMs = backfilledMs - parityMs;
    print('backfill', `${Math.round((rows / copiedMs) * 1_000)} aggregates/s (${rows} in ${seconds(copiedMs)})`);
    print('parity', `${seconds(parityMs)} for ${rows} aggregates`);

    const ids = (await moving.monolith.query<{ id: string }>('select id from brands limit 500')).map(({ id }) => id);
    const settled: number[] = [];
    const underWay: Promise<void>[] = [];
    const beganMs = performance.now();
    for (let n = 0; n < writes; n++) {
      const waitMs = beganMs + (n / rate) * 1_000 - performance.now();
      if (waitMs > 0) await pause(waitMs);
      underWay.push(
        (async () => {
          await moving.monolith.query('update brands set updated_at = now() where id = $1', [ids[n % ids.length]]);
          const [ms] = await timed(() => one.worker.settle(['brands']));
          settled.push(ms);
        })(),
      );
    }
    await Promise.all(underWay);
    const [status] = await one.worker.status();
    print('lag', `p50 ${status?.lag?.p50Ms} ms, p99 ${status?.lag?.p99Ms} ms at ${rate} writes/s`);
    print('settling', `p50 ${at(settled, 0.5)} ms, p99 ${at(settled, 0.99)} ms at ${rate} writes/s`);
  } finally {
    await moving.drop();
  }
}

async function timed<Result>(work: () => Promise<Result>): Promise<[ms: number, result: Result]> {
  const beganMs = performance.now();
  const result = await work();
  return [performance.now() - beganMs, result];
}

function at(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
const print = (name: string, text: string) => process.stdout.write(`${name.padEnd(10)} ${text}\n`);

await main();
