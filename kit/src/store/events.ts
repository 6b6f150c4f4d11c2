import type { TraceContext } from '../mesh/trace.ts';

/** A fact about one aggregate, as a service hands it to the outbox. It carries the aggregate's whole state. */
export interface NewEvent {
  /** UUID. Unique per fact, and the same each time that the fact is published. */
  id: string;
  /** `<resource>.<what happened>`, such as `things.changed`. Also the routing key. */
  type: string;
  /** Version of the type's schema, from 1. A schema only ever grows. */
  typeVersion: number;
  /** Identifies the aggregate within its resource. */
  aggregateId: string;
  /** Rises with each change of the aggregate. A safe integer, drawn under the lock of the aggregate's row. */
  aggregateVersion: number;
  /** The aggregate after the change, as JSON. Null: it does not exist any more. */
  state: unknown;
  /** When it happened, in Unix microseconds. */
  occurredAtUs: number;
  /** Trace of the request that caused the change. */
  trace?: TraceContext;
  /** When the caller that caused the change stops waiting, in Unix ms. The fact is handled whether or not it has. */
  deadlineMs?: number;
}

/** An event that waits in the outbox. */
export interface OutboxRow {
  /** Place in the outbox. Opaque; later events have a later place. */
  place: string;
  event: NewEvent;
}

const typePattern = /^[a-z][a-z0-9-]*(\.[a-z0-9_-]+)+$/;
const idPattern = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The resource of an event's type: the part before the first dot. */
export const resourceOf = (type: string): string => type.slice(0, type.indexOf('.'));

/**
 * Checks what a program can get wrong about an event. Returns the first fault as a phrase, and null for a sound event.
 */
export function faultOf(event: NewEvent): string | null {
  if (!idPattern.test(event.id)) return 'its id is not a UUID in lower case';
  if (!typePattern.test(event.type) || event.type.length > 100) return 'its type is not like things.changed';
  if (!isCount(event.typeVersion) || event.typeVersion > 10_000) return 'the version of its type is not a small number';
  if (!isCount(event.aggregateVersion)) return 'the version of its aggregate is not a safe integer above zero';
  if (event.aggregateId === '' || event.aggregateId.length > 255) return 'the id of its aggregate is empty or too long';
  if (event.state === undefined) return 'it has no state';
  if (!Number.isSafeInteger(event.occurredAtUs)) return 'its time is not a whole number of microseconds';
  return null;
}

const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
