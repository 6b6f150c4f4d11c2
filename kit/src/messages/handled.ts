import { type NewEvent, resourceOf } from '../store/events.ts';
import type { TransactionalStore } from '../store/store.ts';

/**
 * Makes a handler that acts once per message, in one transaction with its effect, and only for versions of an aggregate
 * that are newer than those that this consumer has applied. Repeats, reorderings and replays do no harm.
 *
 * @param apply changes the store. It must have no effect besides statements on `tx`. It may take the `HandlingContext`, too
 */
export function newerOnly<Tx, Context extends readonly unknown[] = []>(
  store: TransactionalStore<Tx>,
  consumer: string,
  apply: (tx: Tx, event: NewEvent, ...context: Context) => Promise<void>,
): (event: NewEvent, ...context: Context) => Promise<void> {
  return (event, ...context) =>
    store.transaction(async (tx) => {
      const inbox = store.inbox(tx);
      if (!(await inbox.firstTime(consumer, event.id))) return;
      if (!(await inbox.newer(consumer, resourceOf(event.type), event.aggregateId, event.aggregateVersion))) return;
      await apply(tx, event, ...context);
    });
}

/** The same for a consumer that wants every event and not only the newest state, such as a log or a webhook. */
export function eachOnce<Tx, Context extends readonly unknown[] = []>(
  store: TransactionalStore<Tx>,
  consumer: string,
  apply: (tx: Tx, event: NewEvent, ...context: Context) => Promise<void>,
): (event: NewEvent, ...context: Context) => Promise<void> {
  return (event, ...context) =>
    store.transaction(async (tx) => {
      if (await store.inbox(tx).firstTime(consumer, event.id)) await apply(tx, event, ...context);
    });
}
