import type { Micros } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/postgres';

/** A delivery that is to be made. */
export interface PlannedDelivery {
  id: string;
  integrationId: string;
  eventId: string;
  entityId: string;
  key: string;
  /** JSON text of what the event carries. */
  resources: string;
}

/** A delivery to attempt now, with all that its request holds. */
export interface Delivery {
  id: string;
  /** 1 for the first. */
  attempt: number;
  key: string;
  resources: string;
  integration: { id: string; integration_type: 'webhook'; name: string; description: string };
  url: string;
  secretKey: string | null;
}

/** How an attempt ended. */
export interface AttemptLog {
  id: string;
  attempt: number;
  succeeded: boolean;
  /** Seconds. */
  processingTime: number;
  body: string | null;
  statusCode: number | null;
  errorDetail: string | null;
  createdAt: Micros;
}

interface DueRow {
  id: string;
  attempts: number;
  key: string;
  resources: string;
  integration_id: string;
  name: string;
  description: string;
  url: string;
  secret_key: string | null;
}

const plan = statement<{ id: string }, [string, number]>(
  'deliveries_plan',
  `insert into deliveries (id, integration_id, event_id, entity_id, key, resources, status, attempts,
     next_attempt_at_us, created_at_us, updated_at_us)
   select id, integration_id, event_id, entity_id, key, resources, 'pending', 0, $2, $2, $2
   from jsonb_to_recordset($1::jsonb) as planned(id uuid, integration_id uuid, event_id uuid, entity_id text, key text,
     resources text)
   order by id on conflict do nothing returning id`,
);
const claim = statement<DueRow, [number, number, number]>(
  'deliveries_claim',
  `update deliveries d set attempts = d.attempts + 1, leased_until_us = $2, updated_at_us = $1
   from integrations i
   where i.id = d.integration_id and d.id in (
     select due.id from deliveries due join integrations whose on whose.id = due.integration_id
     where due.status = 'pending' and due.next_attempt_at_us <= $1 and whose.enabled
       and (due.leased_until_us is null or due.leased_until_us <= $1)
     order by due.next_attempt_at_us, due.id limit $3 for update of due skip locked)
   returning d.id, d.attempts, d.key, d.resources, d.integration_id, i.name, i.description, i.url, i.secret_key`,
);
const giveBack = statement<object, [string, number]>(
  'deliveries_give_back',
  'update deliveries set attempts = attempts - 1, leased_until_us = null where id = $1 and attempts = $2',
);
// If the lease was lost, another process has the delivery: a success counts anyway, a failure is only logged.
const end = statement<object, [string, number, string, number | null, number]>(
  'deliveries_end',
  `update deliveries set
     status = case when attempts = $2 or $3 = 'delivered' then $3 else status end,
     resources = case when (attempts = $2 or $3 = 'delivered') and $3 <> 'pending' then null else resources end,
     next_attempt_at_us = case when attempts = $2 then coalesce($4, next_attempt_at_us) else next_attempt_at_us end,
     leased_until_us = case when attempts = $2 then null else leased_until_us end, updated_at_us = $5
   where id = $1`,
);
const log = statement<
  object,
  [string, string, string, number, boolean, number, string | null, number | null, string | null, number]
>(
  'delivery_logs_add',
  `insert into delivery_logs (id, delivery_id, integration_id, attempt, succeeded, processing_time, body, status_code,
     error_detail, created_at_us)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);
const removeLogs = statement<object, [readonly string[]]>(
  'delivery_logs_remove',
  'delete from delivery_logs where delivery_id = any($1::uuid[])',
);
const remove = statement<object, [readonly string[]]>(
  'deliveries_remove',
  'delete from deliveries where id = any($1::uuid[])',
);
const idsOf = statement<{ id: string }, [string]>(
  'deliveries_of',
  'select id from deliveries where integration_id = $1 order by id for update',
);
const old = statement<{ id: string }, [number, number]>(
  'deliveries_old',
  'select id from deliveries where created_at_us <= $1 order by id limit $2 for update skip locked',
);

/** Adds deliveries, and returns the ids of those that were not there. */
export async function addDeliveries(
  tx: Queryable,
  planned: readonly PlannedDelivery[],
  now: Micros,
): Promise<string[]> {
  if (planned.length === 0) return [];
  const rows = planned.map(({ integrationId, eventId, entityId, ...row }) => ({
    ...row,
    integration_id: integrationId,
    event_id: eventId,
    entity_id: entityId,
  }));
  return (await tx.query(plan, [JSON.stringify(rows), now])).map(({ id }) => id);
}

/** Claims deliveries that are due, until `leasedUntil`. A claim counts as an attempt even if the process dies. */
export async function claimDeliveries(
  tx: Queryable,
  { now, leasedUntil, limit }: { now: Micros; leasedUntil: Micros; limit: number },
): Promise<Delivery[]> {
  return (await tx.query(claim, [now, leasedUntil, limit])).map((row) => ({
    id: row.id,
    attempt: row.attempts,
    key: row.key,
    resources: row.resources,
    integration: {
      id: row.integration_id,
      integration_type: 'webhook',
      name: row.name,
      description: row.description,
    },
    url: row.url,
    secretKey: row.secret_key,
  }));
}

/** Gives a claimed delivery back, as if it had not been claimed. Returns whether it was still claimed. */
export async function giveDeliveryBack(tx: Queryable, { id, attempt }: Delivery): Promise<boolean> {
  return (await tx.run(giveBack, [id, attempt])) === 1;
}

/** Writes what becomes of a delivery and the log of the attempt. Returns whether the delivery is still there. */
export async function endAttempt(
  tx: Queryable,
  { id, integration }: Delivery,
  becomes: { status: 'pending' | 'delivered' | 'failed'; nextAttemptAt: Micros | null },
  one: AttemptLog,
): Promise<boolean> {
  const { attempt, createdAt } = one;
  if ((await tx.run(end, [id, attempt, becomes.status, becomes.nextAttemptAt, createdAt])) === 0) return false;
  const { succeeded, processingTime, body, statusCode, errorDetail } = one;
  await tx.run(log, [
    ...([one.id, id, integration.id, attempt, succeeded] as const),
    ...([processingTime, body, statusCode, errorDetail, createdAt] as const),
  ]);
  return true;
}

/** The ids of an integration's deliveries, locked. */
export async function lockDeliveriesOf(tx: Queryable, integrationId: string): Promise<string[]> {
  return (await tx.query(idsOf, [integrationId])).map(({ id }) => id);
}

/** The ids of deliveries that were planned before a moment, locked. */
export async function lockOldDeliveries(tx: Queryable, plannedUntil: Micros, limit: number): Promise<string[]> {
  return (await tx.query(old, [plannedUntil, limit])).map(({ id }) => id);
}

/** With their logs. */
export async function removeDeliveries(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.run(removeLogs, [ids]);
  await tx.run(remove, [ids]);
}
