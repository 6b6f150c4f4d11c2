import { cartResources } from '../carts/cart.ts';
import { runExports } from '../exports/run.ts';
import { allowedNetworks } from '../outbound/networks.ts';
import { resolveByDns } from '../outbound/post.ts';
import { recoverOtherHalves } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { recoverFirstStocks } from '../stock/ask-first-stocks.ts';
import { deliverWebhooks } from '../webhooks/deliver.ts';
import type { Complete } from '../webhooks/dispatch.ts';
import { every, type Stop } from './every.ts';
import { leavingToOwner } from './leave-to-owner.ts';

const pauseMs = 1_000;
/** How often the recovery looks for work: requests do it themselves, unless something fails. */
const recoveryPauseMs = 5_000;
/** After a run that found that another program owns the rows, it is left to that program for about this long. */
const leftToOwnerMs = 5_000;

const leftOutFor = (intervalMs: number) => Math.max(0, Math.round(leftToOwnerMs / intervalMs) - 1);

/** How long a receiver of webhooks may take to reply. */
const webhookTimeoutMs = 10_000;

interface Loop {
  name: string;
  intervalMs: number;
  run(): Promise<unknown>;
}

// Debts 35 and 36: webhooks and exports run in the process that serves customers.
/** The loops of this process. Whatever is paid, what a request has begun is finished: that is no debt. */
export function loopsOf(shop: Shop, signal: AbortSignal): Loop[] {
  const out = {
    allowed: allowedNetworks(shop.config.webhookNetworks),
    resolve: resolveByDns,
    timeoutMs: webhookTimeoutMs,
  };
  const deliver: Loop = {
    name: 'deliver webhooks',
    intervalMs: pauseMs,
    run: () => deliverWebhooks(shop, { out, signal, complete: completing(shop) }),
  };
  const exports: Loop = { name: 'run exports', intervalMs: pauseMs, run: () => runExports(shop, signal) };
  const intervalMs = recoveryPauseMs;
  return [
    ...(shop.debts.owed('webhooks-in-process') ? [deliver] : []),
    ...(shop.debts.owed('exports-in-process') ? [exports] : []),
    { name: 'ask for first stock', intervalMs, run: () => recoverFirstStocks(shop) },
    { name: 'delete other halves', intervalMs, run: () => recoverOtherHalves(shop.db) },
  ];
}

/** Carts alone: what else other programs own comes back as it is shown. */
function completing(shop: Shop): Complete {
  return async (db, key, id) => (key === 'cart.updated' ? cartResources(shop, db, id) : undefined);
}

/**
 * Delivers webhooks and runs exports, each as soon as there is work, and finishes what requests could not. A stop ends
 * what is under way.
 */
export function startWorkingOff(shop: Shop): Stop {
  const stopping = new AbortController();
  const stops = loopsOf(shop, stopping.signal).map(({ name, intervalMs, run }) =>
    every(intervalMs, leavingToOwner(run, leftOutFor(intervalMs)), (err) =>
      shop.log.warn({ err, job: name }, 'job failed'),
    ),
  );
  return async () => {
    stopping.abort();
    await Promise.all(stops.map((stop) => stop()));
  };
}
