import type { TraceContext } from '../../mesh/trace.ts';
import type { NewEvent, OutboxRow } from '../events.ts';

/** A row of the outbox table, which has the same columns in every SQL engine. */
export interface EventColumns {
  id: number | string;
  event_id: string;
  type: string;
  type_version: number;
  aggregate_id: string;
  aggregate_version: number | string;
  /** JSON text */
  state: string;
  occurred_at_us: number | string;
  /** JSON text */
  trace: string | null;
  deadline_ms: number | string | null;
}

export function eventOf(row: EventColumns): OutboxRow {
  const event: NewEvent = {
    id: row.event_id,
    type: row.type,
    typeVersion: row.type_version,
    aggregateId: row.aggregate_id,
    aggregateVersion: Number(row.aggregate_version),
    state: JSON.parse(row.state),
    occurredAtUs: Number(row.occurred_at_us),
  };
  if (row.trace !== null) event.trace = JSON.parse(row.trace) as TraceContext;
  if (row.deadline_ms !== null) event.deadlineMs = Number(row.deadline_ms);
  return { place: String(row.id), event };
}
