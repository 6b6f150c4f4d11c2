import type { Clock } from '../../service/clock.ts';
import type { Added } from '../added.ts';
import { faultOf, type NewEvent } from '../events.ts';
import { type Queryable, statement } from '../statement.ts';
import type { Outbox, OutboxClaim } from '../store.ts';
import { type EventColumns, eventOf } from './event-columns.ts';

/** Writes `?` as the engine does. */
export type Dialect = (text: string) => string;

export const questionMarks: Dialect = (text) => text;

const columns =
  'event_id, type, type_version, aggregate_id, aggregate_version, state, occurred_at_us, trace, deadline_ms';

type NewRow = [string, string, number, string, number, string, number, string | null, number | null];

/** Writes events into the outbox table of transactions. */
export class OutboxTable {
  readonly #insert;
  readonly #used = new WeakSet<Queryable>();
  readonly #added: Added;

  constructor(dialect: Dialect, added: Added) {
    const text = `insert into outbox (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    this.#insert = statement<object, NewRow>('kit_outbox_insert', dialect(text));
    this.#added = added;
  }

  readonly of = (tx: Queryable): Outbox => ({
    add: async (event) => {
      await tx.run(this.#insert, rowOf(event));
      this.#used.add(tx);
    },
  });

  /** Call it after the commit: wakes the relay if the transaction added events. */
  committed(tx: Queryable): void {
    if (this.#used.has(tx)) this.#added.tell();
  }
}

/** @throws Error if the event is unsound: that is a fault of the program */
function rowOf(event: NewEvent): NewRow {
  const fault = faultOf(event);
  if (fault !== null) throw new Error(`an event cannot be added to the outbox: ${fault}`);
  return [
    event.id,
    event.type,
    event.typeVersion,
    event.aggregateId,
    event.aggregateVersion,
    JSON.stringify(event.state),
    event.occurredAtUs,
    event.trace === undefined ? null : JSON.stringify(event.trace),
    event.deadlineMs ?? null,
  ];
}

export interface ClaimOptions {
  /** The connection that holds the lock also reads, so a relay that lost the one cannot do the other. */
  own: Queryable;
  dialect: Dialect;
  now: Clock;
  release: () => Promise<void>;
}

/** The relay's statements. They have no names, because their text depends on the number of values. */
export function outboxClaim({ own, dialect, now, release }: ClaimOptions): OutboxClaim {
  const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ');
  const unnamed = <Row extends object>(text: string) => statement<Row, (string | number)[]>('', dialect(text));
  const unpublished = (exceptTypes: readonly string[]) =>
    `published_at_ms is null ${exceptTypes.length === 0 ? '' : `and type not in (${marks(exceptTypes)})`}`;
  return {
    next: async (limit, exceptTypes) => {
      const next = unnamed<EventColumns>(
        `select id, ${columns} from outbox where ${unpublished(exceptTypes)} order by id limit ?`,
      );
      return (await own.query(next, [...exceptTypes, limit])).map(eventOf);
    },
    markPublished: async (places) => {
      if (places.length === 0) return;
      const mark = unnamed<object>(`update outbox set published_at_ms = ? where id in (${marks(places)})`);
      await own.run(mark, [now(), ...places.map(Number)]);
    },
    backlog: async (exceptTypes) => {
      const from = `from outbox where ${unpublished(exceptTypes)}`;
      // Not the smallest moment of all: that would read every row.
      const count = unnamed<{ waiting: number | string; oldest: number | string | null }>(
        `select (select count(*) ${from}) as waiting, (select occurred_at_us ${from} order by id limit 1) as oldest`,
      );
      const [row] = await own.query(count, [...exceptTypes, ...exceptTypes]);
      const oldest = row?.oldest ?? null;
      return { waiting: Number(row?.waiting ?? 0), oldestAtUs: oldest === null ? null : Number(oldest) };
    },
    release,
  };
}
