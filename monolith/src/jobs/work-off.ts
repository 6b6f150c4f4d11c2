import { runExports } from '../exports/run.ts';
import { allowedNetworks } from '../outbound/networks.ts';
import { resolveByDns } from '../outbound/post.ts';
import type { Shop } from '../shop.ts';
import { deliverWebhooks } from '../webhooks/deliver.ts';
import { every, type Stop } from './every.ts';
import { leavingToOwner } from './leave-to-owner.ts';

const pauseMs = 1_000;
/** How long a receiver of webhooks may take to reply. */
const webhookTimeoutMs = 10_000;

// Debts 35 and 36: both run in the process that serves customers.
/** Delivers webhooks and runs exports, each as soon as there is work. A stop ends what is under way. */
export function startWorkingOff(shop: Shop): Stop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const out = {
    allowed: allowedNetworks(shop.config.webhookNetworks),
    resolve: resolveByDns,
    timeoutMs: webhookTimeoutMs,
  };
  const stops: Stop[] = [];
  const start = (name: string, work: () => Promise<unknown>) => {
    stops.push(every(pauseMs, leavingToOwner(work), (err) => shop.log.warn({ err, job: name }, 'job failed')));
  };
  if (shop.debts.owed('webhooks-in-process')) start('deliver webhooks', () => deliverWebhooks(shop, { out, signal }));
  if (shop.debts.owed('exports-in-process')) start('run exports', () => runExports(shop, signal));
  return async () => {
    stopping.abort();
    await Promise.all(stops.map((stop) => stop()));
  };
}
