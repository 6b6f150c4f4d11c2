import { expireFiles } from '../exports/store.ts';
import { sweepContent } from '../files/sweep.ts';
import { forgetKeys } from '../idempotency/store.ts';
import { cleanUpAll } from '../oauth/clean-up.ts';
import type { Shop } from '../shop.ts';
import { storeFault } from '../store-faults.ts';
import { forgetEvents } from '../webhooks/clean-up.ts';
import { every, type Stop } from './every.ts';
import { expireCarts } from './expire-carts.ts';
import { startWorkingOff } from './work-off.ts';

interface Job {
  name: string;
  intervalMs: number;
  /** Returns the number of deleted rows. */
  run(shop: Shop): Promise<number>;
}

const hourMs = 3_600_000;

const expireCartsJob: Job = { name: 'expire carts', intervalMs: hourMs, run: ({ db, now }) => expireCarts(db, now()) };
const forgetKeysJob: Job = {
  name: 'forget idempotency keys',
  intervalMs: hourMs,
  run: ({ db, now }) => forgetKeys(db, now()),
};
const sweepContentJob: Job = {
  name: 'sweep content of files',
  intervalMs: hourMs,
  run: ({ db, config, now }) => sweepContent(db, config.filesFolder, now()),
};
const expireFilesJob: Job = {
  name: 'expire exports',
  intervalMs: hourMs,
  run: ({ db, now }) => expireFiles(db, now()),
};
const forgetEventsJob: Job = {
  name: 'forget events',
  intervalMs: hourMs,
  run: ({ db, now }) => forgetEvents(db, now()),
};
const cleanUpTokensJob: Job = {
  name: 'clean up tokens',
  intervalMs: hourMs,
  run: ({ db, now }) => cleanUpAll(db, now()),
};

/** The jobs of this process. The job that cleans up tokens runs only if requests do not do so (Debt 3). */
export function jobsOf(shop: Shop): Job[] {
  if (!shop.debts.owed('jobs-in-process')) return [];
  const always = [expireCartsJob, forgetKeysJob, sweepContentJob, expireFilesJob, forgetEventsJob];
  return shop.debts.owed('token-clean-up-in-request') ? always : [...always, cleanUpTokensJob];
}

/** Runs a job once, unless another program owns its rows: that one does this work. */
export async function runJob(shop: Shop, job: Job): Promise<void> {
  try {
    const rows = await job.run(shop);
    shop.log.info({ job: job.name, rows }, 'job done');
  } catch (error) {
    if (storeFault(error)?.code !== 'misdirected') throw error;
  }
}

// Debt 7: jobs run in the process that serves customers. With several processes, every process runs every job.
/** Starts the jobs. A failed run is logged; the job runs again after its interval. */
export function startJobs(shop: Shop): Stop {
  const stops = jobsOf(shop).map((job) =>
    every(
      job.intervalMs,
      () => runJob(shop, job),
      (err) => shop.log.warn({ err, job: job.name }, 'job failed'),
    ),
  );
  stops.push(startWorkingOff(shop));
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
