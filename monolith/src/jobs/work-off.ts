import { runExports } from '../exports/run.ts';
import { allowedNetworks } from '../outbound/networks.ts';
import { resolveByDns } from '../outbound/post.ts';
import { recoverOtherHalves } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { recoverFirstStocks } from '../stock/ask-first-stocks.ts';
import { storeFault } from '../store-faults.ts';
import { deliverWebhooks } from '../webhooks/deliver.ts';
import { every, type Stop } from './every.ts';

const pauseMs = 1_000;
/** How often the recovery looks for work: requests do it themselves, unless something fails. */
const recoveryPauseMs = 5_000;
/** How long a receiver of webhooks may take to reply. */
const webhookTimeoutMs = 10_000;

// Debts 35 and 36: webhooks and exports run in the process that serves customers.
/**
 * Delivers webhooks and runs exports, each as soon as there is work, and finishes what requests could not. A stop ends
 * what is under way.
 */
export function startWorkingOff(shop: Shop): Stop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const out = {
    allowed: allowedNetworks(shop.config.webhookNetworks),
    resolve: resolveByDns,
    timeoutMs: webhookTimeoutMs,
  };
  const stops: Stop[] = [];
  const start = (name: string, work: () => Promise<unknown>, intervalMs = pauseMs) => {
    const run = async () => {
      try {
        await work();
      } catch (error) {
        // Another program owns these rows now, and does this work.
        if (storeFault(error)?.code !== 'misdirected') throw error;
      }
    };
    stops.push(every(intervalMs, run, (err) => shop.log.warn({ err, job: name }, 'job failed')));
  };
  if (shop.debts.owed('webhooks-in-process')) start('deliver webhooks', () => deliverWebhooks(shop, { out, signal }));
  if (shop.debts.owed('exports-in-process')) start('run exports', () => runExports(shop, signal));
  // Not a debt: what a request has begun is finished, whatever is paid.
  start('ask for first stock', () => recoverFirstStocks(shop), recoveryPauseMs);
  start('delete other halves', () => recoverOtherHalves(shop.db), recoveryPauseMs);
  return async () => {
    stopping.abort();
    await Promise.all(stops.map((stop) => stop()));
  };
}
