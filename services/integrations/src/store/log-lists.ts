import type { Page } from '@banyan/kit/api';
import { type Queryable, type Statement, statement } from '@banyan/kit/postgres';

export interface LogRow {
  id: string;
  integration_id: string;
  delivery_id: string;
  attempt: number;
  succeeded: boolean;
  /** Seconds. */
  processing_time: number;
  body: string | null;
  status_code: number | null;
  error_detail: string | null;
  created_at_us: string;
}

export interface JobRow {
  id: string;
  integration_id: string;
  key: string;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  created_at_us: string;
  updated_at_us: string;
}

/** Whose logs. Null: of any. */
export interface LogsOf {
  integrationId: string | null;
  deliveryId: string | null;
}

export interface Listed<Row> {
  rows: Row[];
  total: number;
}

// Logs of an integration that is not here are not shown.
const logs = `delivery_logs l join integrations i on i.id = l.integration_id
  where ($1::uuid is null or l.integration_id = $1) and ($2::uuid is null or l.delivery_id = $2)`;
const countLogs = statement<{ total: string }, [string | null, string | null]>(
  'delivery_logs_count',
  `select count(*) as total from ${logs}`,
);
const selectLogs = statement<LogRow, [string | null, string | null, number, number]>(
  'delivery_logs_select',
  `select l.id, l.integration_id, l.delivery_id, l.attempt, l.succeeded, l.processing_time, l.body, l.status_code,
     l.error_detail, l.created_at_us
   from ${logs} order by l.created_at_us desc, l.id desc limit $3 offset $4`,
);
const countJobs = statement<{ total: string }, [string]>(
  'deliveries_count',
  'select count(*) as total from deliveries where integration_id = $1',
);
const selectJobs = statement<JobRow, [string, number, number]>(
  'deliveries_select',
  `select id, integration_id, key, status, attempts, created_at_us, updated_at_us from deliveries
   where integration_id = $1 order by created_at_us desc, id desc limit $2 offset $3`,
);
const job = statement<object, [string, string]>(
  'deliveries_find',
  'select from deliveries where id = $1 and integration_id = $2',
);

/** A page of the logs of attempts, newest first. */
export function listLogs(db: Queryable, { integrationId, deliveryId }: LogsOf, page: Page): Promise<Listed<LogRow>> {
  const of = [integrationId, deliveryId] as const;
  return listed(db, countLogs, [...of], selectLogs, [...of, page.limit, page.offset]);
}

/** A page of an integration's deliveries, newest first. */
export function listJobs(db: Queryable, integrationId: string, page: Page): Promise<Listed<JobRow>> {
  return listed(db, countJobs, [integrationId], selectJobs, [integrationId, page.limit, page.offset]);
}

/** Whether an integration has a delivery. Both are UUIDs. */
export async function hasJob(db: Queryable, deliveryId: string, integrationId: string): Promise<boolean> {
  return (await db.query(job, [deliveryId, integrationId])).length > 0;
}

async function listed<Row extends object, Of extends readonly unknown[], Paged extends readonly unknown[]>(
  db: Queryable,
  count: Statement<{ total: string }, Of>,
  of: Of,
  select: Statement<Row, Paged>,
  paged: Paged,
): Promise<Listed<Row>> {
  const [[counted], rows] = await Promise.all([db.query(count, of), db.query(select, paged)]);
  return { rows, total: Number(counted?.total ?? 0) };
}
