import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import type { NewEvent } from '@banyan/kit/events';
import { isEventKey } from '../event-keys.ts';
import { addEvent, type HeardEvent } from '../store/heard-events.ts';
import type { Store } from '../store.ts';
import { planEvent } from './plan.ts';

export interface Hearing {
  store: Pick<Store, 'db' | 'write'>;
  now: Clock;
  /** Called when there are deliveries to attempt. */
  onPlanned(): void;
}

/**
 * Handles a fact: stores it if integrations can observe it, and plans its deliveries if this service owns integrations.
 * It may be called again with the same fact.
 */
export async function hear({ store, now, onPlanned }: Hearing, event: NewEvent): Promise<void> {
  if (!isEventKey(event.type)) return;
  const at = microsOf(now());
  await store.db.transaction((tx) => addEvent(tx, heardOf(event), at));
  try {
    if ((await planEvent(store, event.id, at)) > 0) onPlanned();
  } catch (error) {
    // The other side plans. What it does not come to, this service plans when it takes over.
    if (!isMisdirected(error)) throw error;
  }
}

/** Whether another system owns integrations now. */
export function isMisdirected(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'misdirected';
}

function heardOf({ id, type, aggregateId, state, occurredAtUs }: NewEvent): HeardEvent {
  // Of a deleted entity only its type and id are left.
  const resources = state ?? { type: type.slice(0, type.indexOf('.')), id: aggregateId };
  return { id, key: type, entityId: aggregateId, resources: JSON.stringify(resources), occurredAt: occurredAtUs };
}
