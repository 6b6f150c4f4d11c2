import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { changeIntegration } from '../changes.ts';
import { type Outbound, OutboundError, type OutboundReply, post } from '../outbound/post.ts';
import { claimDeliveries, type Delivery, endAttempt, giveDeliveryBack } from '../store/deliveries.ts';
import { keepIntegration } from '../store/integrations.ts';
import type { Store } from '../store.ts';
import { messageOf } from './message.ts';
import { nextAttempt, type PickMs } from './retry.ts';

/** Longer than an attempt takes. A process that still works after it has lost the delivery. */
export const leaseMs = 30_000;

/** How often free places are filled while attempts are under way. */
const lookAgainMs = 200;

export interface Delivering {
  store: Pick<Store, 'write'>;
  out: Outbound;
  now: Clock;
  /** Deliveries that are under way at once. */
  concurrency: number;
  /** Ends the deliveries under way; they are given back. */
  signal: AbortSignal;
  pickMs?: PickMs;
}

/** How an attempt ended. */
interface Outcome {
  reply: OutboundReply | undefined;
  error: string | undefined;
  /** Seconds. */
  processingTime: number;
}

/**
 * Attempts all deliveries that are due; returns the number of attempts. Any number of instances may do this at once.
 *
 * @throws ServiceError `misdirected` while another system owns deliveries. An attempt that was under way is not logged
 * then: the new owner repeats it.
 */
export async function deliverDue(delivering: Delivering): Promise<number> {
  const { signal, concurrency } = delivering;
  const underWay = new Set<Promise<void>>();
  let attempts = 0;
  let failure: { error: unknown } | undefined;
  const start = (delivery: Delivery) => {
    const one = attempt(delivery, delivering)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underWay.delete(one));
    underWay.add(one);
  };
  try {
    while (!signal.aborted && failure === undefined) {
      const free = concurrency - underWay.size;
      const claimed = free === 0 ? [] : await claim({ ...delivering, concurrency: free });
      if (claimed.length === 0 && underWay.size === 0) break;
      for (const delivery of claimed) start(delivery);
      attempts += claimed.length;
      await oneEnded(underWay, signal);
    }
  } finally {
    // A stop must not leave one behind.
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
  return attempts;
}

/** Resolves when one attempt has ended, or after a while: a slow receiver must not hold up what is planned meanwhile. */
async function oneEnded(underWay: ReadonlySet<Promise<void>>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const waited = pause(lookAgainMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => {});
  await Promise.race([...underWay, waited]);
  ended.abort();
}

/** Claims deliveries that are due. */
export function claim({ store, now, concurrency: limit }: Omit<Delivering, 'out' | 'signal'>): Promise<Delivery[]> {
  return store.write(async ({ tx, deliveriesChanged }) => {
    const at = now();
    const leasedUntil = microsOf(at + leaseMs);
    const claimed = await claimDeliveries(tx, { now: microsOf(at), leasedUntil, limit });
    await deliveriesChanged(claimed.map(({ id }) => id));
    return claimed;
  });
}

async function attempt(delivery: Delivery, delivering: Delivering): Promise<void> {
  const { headers, body } = messageOf(delivery, delivering.now());
  const outcome = await send(delivery, headers, body, delivering);
  if (outcome !== undefined) return record(delivery, outcome, delivering);
  await delivering.store.write(async ({ tx, deliveriesChanged }) => {
    if (await giveDeliveryBack(tx, delivery)) await deliveriesChanged([delivery.id]);
  });
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
async function record(delivery: Delivery, outcome: Outcome, { store, now, pickMs }: Delivering): Promise<void> {
  const { attempt: number, integration, secretKey } = delivery;
  const { reply, error, processingTime } = outcome;
  const at = new Date(now());
  const gone = reply?.status === 410;
  const next = error === undefined || gone ? undefined : nextAttempt(number, at, pickMs);
  const status = error === undefined ? 'delivered' : next === undefined ? 'failed' : 'pending';
  const createdAt = microsOf(at.getTime());
  await store.write(async (write) => {
    const { tx } = write;
    // Locked before the delivery, as by a deletion of the integration: in another order the two could deadlock.
    if (!(await keepIntegration(tx, integration.id))) return;
    const isThere = await endAttempt(
      tx,
      delivery,
      { status, nextAttemptAt: next === undefined ? null : microsOf(next.getTime()) },
      {
        id: randomUUID(),
        attempt: number,
        succeeded: error === undefined,
        processingTime,
        body: reply ? withoutSecret(reply.body, secretKey) : null,
        statusCode: reply?.status ?? null,
        errorDetail: error ?? null,
        createdAt,
      },
    );
    if (!isThere) return;
    await write.deliveriesChanged([delivery.id]);
    if (gone) await changeIntegration(write, integration.id, { enabled: false }, createdAt);
  });
}

/** Receivers that echo a request must not bring the secret into a log. */
function withoutSecret(text: string, secret: string | null): string {
  return secret === null || secret === '' ? text : text.replaceAll(secret, '(secret)');
}
