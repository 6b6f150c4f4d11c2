import { processSpans, type Spans } from '../mesh/spans.ts';
import type { Logger } from '../observe/log.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import type { OutboxRow } from '../store/events.ts';
import type { OutboxClaim, Store } from '../store/store.ts';
import { BacklogWatch } from './backlog-watch.ts';
import { messageOf } from './envelope.ts';
import { Forgetting } from './forgetting.ts';
import { inPublishSpan } from './message-spans.ts';
import { emptyBacklog, MessageMeters } from './meters.ts';
import { Parked } from './parked.ts';
import type { Publisher } from './publisher.ts';
import { namesWith } from './topology.ts';

export interface RelayOptions {
  store: Published;
  publisher: Pick<Publisher, 'names' | 'publish'>;
  logger: Logger;
  /** How often it looks without being woken. */
  pollMs?: number;
  /** Events per round. */
  batch?: number;
  /** How long a type waits until it is tried again that no queue took. */
  parkMs?: number;
  /** How long no queue takes a type until its events are let go: no consumer has ever asked for it. */
  unclaimedMs?: number;
  /** How often it counts what waits. */
  watchMs?: number;
  /** The log raises an alarm when the oldest event has waited for this long. */
  alarmMs?: number;
  meters?: MessageMeters;
  spans?: Spans;
  now?: Clock;
}

/** The wait after a failure: no commit may come that wakes the relay. */
const retryMs = 1_000;

/** What a relay needs of a store. */
export type Published = Pick<Store, 'outboxFeed' | 'forget'>;

/** Stands in for a publisher where there is no broker: no queue takes an event, so the outbox lets it go in the end. */
export const noPublisher: RelayOptions['publisher'] = { names: namesWith(), publish: async () => false };

export interface Relay {
  /** Events published since the start, those of interrupted rounds included. */
  readonly published: number;
  /** Events that were let go since the start, because no queue takes their type. */
  readonly letGo: number;
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
  const { unclaimedMs = 900_000, watchMs = 5_000, alarmMs = 60_000, now = systemClock } = options;
  const { spans = processSpans } = options;
  const meters = (options.meters ?? new MessageMeters()).relay(publisher.names.facts);
  const stop = new AbortController();
  const parked = new Parked({ parkMs, unclaimedMs, logger, now });
  let wake = Promise.withResolvers<void>();
  const watch = new BacklogWatch({ meters, logger, now, everyMs: watchMs, alarmMs });
  const forgetting = new Forgetting(store, now);
  let failing = false;
  // After a failure it waits: a claim for each commit would burden a store whose broker is away.
  const stopListening = store.outboxFeed.onAdded(() => {
    if (!failing) wake.resolve();
  });

  const pause = async (limitMs: number) => {
    const timer = setTimeout(() => wake.resolve(), limitMs);
    await wake.promise;
    clearTimeout(timer);
    wake = Promise.withResolvers();
  };

  const publishAll = async (rows: readonly OutboxRow[]) => {
    const results = await Promise.allSettled(
      rows.map(({ event }) =>
        inPublishSpan(spans, event, publisher.names.facts, (traced) => {
          const { content, properties } = messageOf(traced);
          return publisher.publish(publisher.names.facts, event.type, content, properties);
        }),
      ),
    );
    const done: string[] = [];
    results.forEach((result, index) => {
      const { place, event } = rows[index] as OutboxRow;
      if (result.status === 'rejected') meters.failed.value += 1;
      else if (result.value) {
        parked.taken(event.type);
        meters.sent.value += 1;
        done.push(place);
      } else if (parked.refused(event.type) === 'let go') {
        meters.letGo.value += 1;
        done.push(place);
      }
    });
    const failed = results.find((result) => result.status === 'rejected');
    return { done, failure: failed?.reason as Error | undefined };
  };

  /** Returns whether more is waiting. */
  const round = async (claim: OutboxClaim): Promise<boolean> => {
    const rows = await claim.next(batch, parked.waiting());
    const { done, failure } = await publishAll(rows);
    await claim.markPublished(done);
    if (failure) throw failure;
    return rows.length === batch;
  };

  const run = async () => {
    let claim: OutboxClaim | null = null;
    while (!stop.signal.aborted) {
      try {
        claim ??= await store.outboxFeed.claim();
        // Another process relays, and counts.
        if (claim === null) meters.backlog = emptyBacklog;
        else {
          await watch.look(claim, parked.all());
          while (!stop.signal.aborted && (await round(claim))) await watch.look(claim, parked.all());
          if (!stop.signal.aborted) watch.drained();
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
      return meters.sent.value;
    },
    get letGo() {
      return meters.letGo.value;
    },
    close: async () => {
      stop.abort();
      stopListening();
      wake.resolve();
      await running;
    },
  };
}
