import type { TransactionalStore } from '../store.ts';
import type { Change } from './conformance.ts';

/** The suite's change on an engine whose transactions are made of statements. `write` writes the key. */
export function changeBy<Tx>(
  store: TransactionalStore<Tx>,
  write: (tx: Tx, key: string) => Promise<unknown>,
): (change: Change) => Promise<boolean> {
  return ({ key, event, message, version, fail }) =>
    store.transaction(async (tx) => {
      const inbox = store.inbox(tx);
      if (message && !(await inbox.firstTime(message.consumer, message.eventId))) return false;
      if (version && !(await inbox.newer(version.consumer, 'things', version.aggregateId, version.version)))
        return false;
      await write(tx, key);
      if (event) await store.outbox(tx).add(event);
      if (fail) throw new Error('changed my mind');
      return true;
    });
}
