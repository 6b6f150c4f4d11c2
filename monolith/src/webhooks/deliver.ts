import { inTransaction } from '../db.ts';
import { changeIntegration } from '../integrations/changes.ts';
import { type Outbound, OutboundError, type OutboundReply, post } from '../outbound/post.ts';
import type { Shop } from '../shop.ts';
import { claimDeliveries, type Delivery, giveBack } from './claim.ts';
import { type Complete, dispatchEvents } from './dispatch.ts';
import { messageOf } from './message.ts';
import { nextAttempt, type PickMs } from './retry.ts';

/** How many deliveries of one process are under way at once. */
const concurrency = 8;

export interface Delivering {
  out: Outbound;
  /** Ends the deliveries under way; they are given back. */
  signal: AbortSignal;
  /** Shows entities of events that another program has written without them. */
  complete?: Complete;
  pickMs?: PickMs;
}

/** How an attempt ended. */
interface Outcome {
  reply: OutboundReply | undefined;
  error: string | undefined;
  /** Seconds. */
  processingTime: number;
}

/** Plans the deliveries of new events and attempts all that are due; returns the number of attempts. */
export async function deliverWebhooks(shop: Shop, delivering: Delivering): Promise<number> {
  let dispatched = 0;
  do dispatched = await dispatchEvents(shop.db, shop.now(), delivering.complete);
  while (dispatched > 0 && !delivering.signal.aborted);
  let attempts = 0;
  while (!delivering.signal.aborted) {
    const claimed = await claimDeliveries(shop.db, shop.now(), concurrency);
    if (claimed.length === 0) break;
    // All end before the first error is thrown: a stop must not leave one behind.
    const ended = await Promise.allSettled(claimed.map((delivery) => attempt(shop, delivery, delivering)));
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    attempts += claimed.length;
  }
  return attempts;
}

async function attempt(shop: Shop, delivery: Delivery, delivering: Delivering): Promise<void> {
  const { headers, body } = messageOf(delivery, shop.now());
  const outcome = await send(delivery, headers, body, delivering);
  if (outcome === undefined) await giveBack(shop.db, delivery);
  else await record(shop, delivery, outcome, delivering.pickMs);
}

/** Sends a delivery; undefined if the process stops meanwhile. */
async function send(
  { url }: Delivery,
  headers: Record<string, string>,
  body: string,
  { out, signal }: Delivering,
): Promise<Outcome | undefined> {
  const start = performance.now();
  const spent = () => (performance.now() - start) / 1000;
  try {
    const reply = await post(out, new URL(url), headers, body, signal);
    const ok = reply.status >= 200 && reply.status < 300;
    return { reply, error: ok ? undefined : `The reply has status ${reply.status}`, processingTime: spent() };
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof OutboundError)) throw error;
    return { reply: undefined, error: error.message, processingTime: spent() };
  }
}

/** Writes the log of an attempt and what becomes of the delivery. A reply of 410 disables the integration. */
async function record(shop: Shop, delivery: Delivery, outcome: Outcome, pickMs?: PickMs): Promise<void> {
  const { id, attempt, integration } = delivery;
  const { reply, error, processingTime } = outcome;
  const now = shop.now();
  const gone = reply?.status === 410;
  const next = error === undefined || gone ? undefined : nextAttempt(attempt, now, pickMs);
  const status = error === undefined ? 'delivered' : next === undefined ? 'failed' : 'pending';
  await inTransaction(shop.db, async (db) => {
    // Locked before the delivery, as by a deletion of the integration: in another order the two could deadlock.
    const kept = await db.query('select from integrations where id = $1 for key share', [integration.id]);
    if (kept.rowCount === 0) return;
    // If the lease was lost, another process has the delivery: a success counts anyway, a failure is only logged.
    const { rowCount } = await db.query(
      `update integration_jobs set
         status = case when attempts = $2 or $3 = 'delivered' then $3 else status end,
         next_attempt_at = case when attempts = $2 then coalesce($4, next_attempt_at) else next_attempt_at end,
         leased_until = case when attempts = $2 then null else leased_until end, updated_at = $5
       where id = $1`,
      [id, attempt, status, next, now],
    );
    if (rowCount === 0) return;
    await db.query(
      `insert into integration_logs (job_id, integration_id, attempt, succeeded, processing_time, body, status_code,
         error_detail, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        integration.id,
        attempt,
        error === undefined,
        processingTime,
        reply && withoutSecret(reply.body, delivery.secretKey),
        reply?.status,
        error,
        now,
      ],
    );
    if (gone) await changeIntegration(shop, db, integration.id, { enabled: false });
  });
}

/** Receivers that echo a request must not bring the secret into a log. */
function withoutSecret(text: string, secret: string | null): string {
  return secret === null || secret === '' ? text : text.replaceAll(secret, '(secret)');
}
