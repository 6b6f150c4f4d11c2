import type { Logger } from '../observe/log.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import type { OutboxRow } from '../store/events.ts';
import type { OutboxClaim, Store } from '../store/store.ts';
import { messageOf } from './envelope.ts';
import { Forgetting } from './forgetting.ts';
import type { Publisher } from './publisher.ts';

export interface RelayOptions {
  store: Pick<Store, 'outboxFeed' | 'forget'>;
  publisher: Publisher;
  logger: Logger;
  /** How often it looks without being woken. */
  pollMs?: number;
  /** Events per round. */
  batch?: number;
  /** How long a type waits that no queue took. */
  parkMs?: number;
  now?: Clock;
}

/** The wait after a failure: no commit may come that wakes the relay. */
const retryMs = 1_000;

export interface Relay {
  /** Events published since the start, those of interrupted rounds included. */
  readonly published: number;
  close(): Promise<void>;
}

/**
 * Publishes what is in the outbox: one relay at a time per store, in the order of the outbox, each event until the
 * broker has confirmed it. A crash between the confirm and the mark publishes events again.
 *
 * The outbox is a queue and no log with a cursor, because an id is given before the commit: a cursor would pass the
 * events of a transaction that commits late.
 */
export function startRelay(options: RelayOptions): Relay {
  const { store, publisher, logger, pollMs = 1_000, batch = 200, parkMs = 5_000 } = options;
  const { now = systemClock } = options;
  const stop = new AbortController();
  /** Types that no queue takes, and when to try them again. The rest need not wait behind them. */
  const parked = new Map<string, number>();
  let wake = Promise.withResolvers<void>();
  const forgetting = new Forgetting(store, now);
  let published = 0;
  const stopListening = store.outboxFeed.onAdded(() => wake.resolve());

  const pause = async (limitMs: number) => {
    const timer = setTimeout(() => wake.resolve(), limitMs);
    await wake.promise;
    clearTimeout(timer);
    wake = Promise.withResolvers();
  };

  const publishAll = async (rows: readonly OutboxRow[]) => {
    const results = await Promise.allSettled(
      rows.map(async ({ event }) => {
        const { content, properties } = messageOf(event);
        return publisher.publish(publisher.names.facts, event.type, content, properties);
      }),
    );
    const done: string[] = [];
    results.forEach((result, index) => {
      const row = rows[index] as OutboxRow;
      if (result.status === 'rejected') return;
      if (result.value) done.push(row.place);
      else park(row.event.type);
    });
    published += done.length;
    const failed = results.find((result) => result.status === 'rejected');
    return { done, failure: failed?.reason as Error | undefined };
  };

  const park = (type: string) => {
    if (!parked.has(type)) logger.warn({ type }, 'no queue takes events of this type: they wait in the outbox');
    parked.set(type, now() + parkMs);
  };

  /** Returns whether more is waiting. */
  const round = async (claim: OutboxClaim): Promise<boolean> => {
    const waiting = [...parked].filter(([, atMs]) => atMs > now()).map(([type]) => type);
    const rows = await claim.next(batch, waiting);
    const { done, failure } = await publishAll(rows);
    await claim.markPublished(done);
    if (failure) throw failure;
    for (const { event } of rows)
      if ((parked.get(event.type) ?? Number.POSITIVE_INFINITY) <= now()) parked.delete(event.type);
    return rows.length === batch;
  };

  const run = async () => {
    let claim: OutboxClaim | null = null;
    let failing = false;
    while (!stop.signal.aborted) {
      try {
        claim ??= await store.outboxFeed.claim();
        if (claim !== null) {
          while (!stop.signal.aborted && (await round(claim)));
          await forgetting.step();
        }
        failing = false;
      } catch (error) {
        if (!failing) logger.warn({ err: error }, 'the outbox waits');
        failing = true;
        // The lock may be lost. Another process, or this one, takes it again.
        await claim?.release().catch(() => {});
        claim = null;
      }
      if (!stop.signal.aborted) await pause(failing ? Math.min(pollMs, retryMs) : pollMs);
    }
    await claim?.release().catch(() => {});
  };
  const running = run();

  return {
    get published() {
      return published;
    },
    close: async () => {
      stop.abort();
      stopListening();
      wake.resolve();
      await running;
    },
  };
}
