import { Moment, microsIn, momentOf } from '@banyan/kit/import';
import { type Queryable, statement } from '@banyan/kit/postgres';
import Type, { type Static } from '@banyan/kit/typebox';
import { deliveryKey } from './aggregate-keys.ts';
import { removeDeliveries } from './store/deliveries.ts';
import { markPlanned } from './store/heard-events.ts';

const Id = Type.String({ minLength: 36, maxLength: 36 });
const Nullable = Type.Union([Type.String(), Type.Null()]);

const LogState = Type.Object({
  id: Id,
  attempt: Type.Integer(),
  succeeded: Type.Boolean(),
  // Both sides keep a double.
  processing_time: Type.Number(),
  body: Nullable,
  status_code: Type.Union([Type.Integer(), Type.Null()]),
  error_detail: Nullable,
  created_at: Moment,
});

/** A delivery as it travels, with its logs, and with what its event carries while there is something to send. */
export const DeliveryState = Type.Object({
  integration_id: Id,
  event_id: Id,
  entity_id: Type.String(),
  key: Type.String(),
  /** JSON text. */
  resources: Nullable,
  status: Type.Enum(['pending', 'delivered', 'failed']),
  attempts: Type.Integer({ minimum: 0 }),
  next_attempt_at: Moment,
  leased_until: Type.Union([Moment, Type.Null()]),
  created_at: Moment,
  updated_at: Moment,
  /** In the order in which they were written. */
  logs: Type.Array(LogState),
});
export type DeliveryState = Static<typeof DeliveryState>;

interface DeliveryRow {
  id: string;
  integration_id: string;
  event_id: string;
  entity_id: string;
  key: string;
  resources: string | null;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  next_attempt_at_us: string;
  leased_until_us: string | null;
  created_at_us: string;
  updated_at_us: string;
}

interface LogRow {
  id: string;
  delivery_id: string;
  attempt: number;
  succeeded: boolean;
  processing_time: number;
  body: string | null;
  status_code: number | null;
  error_detail: string | null;
  created_at_us: string;
}

const columns = `id, integration_id, event_id, entity_id, key, resources, status, attempts, next_attempt_at_us,
  leased_until_us, created_at_us, updated_at_us`;
const read = statement<DeliveryRow, [readonly string[]]>(
  'import_deliveries_read',
  `select ${columns} from deliveries where id = any($1::uuid[])`,
);
const readLogs = statement<LogRow, [readonly string[]]>(
  'import_logs_read',
  `select id, delivery_id, attempt, succeeded, processing_time, body, status_code, error_detail, created_at_us
   from delivery_logs where delivery_id = any($1::uuid[]) order by created_at_us, id`,
);
const put = statement<object, [string]>(
  'import_deliveries_put',
  `insert into deliveries (${columns})
   select ${columns} from jsonb_to_recordset($1::jsonb) as row(id uuid, integration_id uuid, event_id uuid,
     entity_id text, key text, resources text, status text, attempts integer, next_attempt_at_us bigint,
     leased_until_us bigint, created_at_us bigint, updated_at_us bigint)
   order by id`,
);
const putLogs = statement<object, [string]>(
  'import_logs_put',
  `insert into delivery_logs (id, delivery_id, integration_id, attempt, succeeded, processing_time, body, status_code,
     error_detail, created_at_us)
   select id, delivery_id, integration_id, attempt, succeeded, processing_time, body, status_code, error_detail,
     created_at_us
   from jsonb_to_recordset($1::jsonb) as row(id uuid, delivery_id uuid, integration_id uuid, attempt integer,
     succeeded boolean, processing_time double precision, body text, status_code integer, error_detail text,
     created_at_us bigint)`,
);

export async function applyDeliveries(
  tx: Queryable,
  changes: readonly { id: string; state: DeliveryState | null }[],
): Promise<void> {
  if (changes.length === 0) return;
  await removeDeliveries(
    tx,
    changes.map(({ id }) => id),
  );
  const present = changes.flatMap(({ id, state }) => (state === null ? [] : [{ id, state }]));
  if (present.length === 0) return;
  const rows = present.map(({ id, state }) => {
    const { logs: _logs, next_attempt_at, leased_until, created_at, updated_at, ...rest } = state;
    return {
      id,
      ...rest,
      next_attempt_at_us: microsIn(next_attempt_at),
      leased_until_us: leased_until === null ? null : microsIn(leased_until),
      created_at_us: microsIn(created_at),
      updated_at_us: microsIn(updated_at),
    };
  });
  await tx.run(put, [JSON.stringify(rows)]);
  const logs = present.flatMap(({ id, state: { integration_id, logs: some } }) =>
    some.map(({ created_at, ...one }) => ({
      ...one,
      delivery_id: id,
      integration_id,
      created_at_us: microsIn(created_at),
    })),
  );
  if (logs.length > 0) await tx.run(putLogs, [JSON.stringify(logs)]);
  // The owner plans all deliveries of an event at once, so this service need not plan these when it takes over.
  await markPlanned(
    tx,
    rows.map(({ event_id }) => event_id),
  );
}

/** The states by their keys. */
export async function readDeliveries(tx: Queryable, ids: readonly string[]): Promise<Map<string, DeliveryState>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.query(read, [ids]);
  const logs = Map.groupBy(await tx.query(readLogs, [ids]), (row) => row.delivery_id);
  return new Map(
    rows.map((row) => {
      const { id, next_attempt_at_us, leased_until_us, created_at_us, updated_at_us, ...rest } = row;
      return [
        deliveryKey(id),
        {
          ...rest,
          next_attempt_at: momentOf(Number(next_attempt_at_us)),
          leased_until: leased_until_us === null ? null : momentOf(Number(leased_until_us)),
          created_at: momentOf(Number(created_at_us)),
          updated_at: momentOf(Number(updated_at_us)),
          logs: (logs.get(id) ?? []).map(({ delivery_id: _id, created_at_us: at, ...one }) => ({
            ...one,
            created_at: momentOf(Number(at)),
          })),
        },
      ];
    }),
  );
}
