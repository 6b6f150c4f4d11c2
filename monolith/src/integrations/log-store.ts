import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';

export interface LogRow {
  id: string;
  integration_id: string;
  job_id: string;
  attempt: number;
  succeeded: boolean;
  /** Seconds. */
  processing_time: number;
  body: string | null;
  status_code: number | null;
  error_detail: string | null;
  created_at: Date;
}

export interface JobRow {
  id: string;
  integration_id: string;
  key: string;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  created_at: Date;
  updated_at: Date;
}

/** A page of a list. `where` is a condition over the aliases below; `tail` holds order, limit and offset. */
interface Selection {
  where: string;
  tail: string;
  bindings: Bindings;
}

// Logs of an integration that another program deleted are not shown.
const logs = 'integration_logs l join integrations i on i.id = l.integration_id';
const jobs = 'integration_jobs j join shop_events e on e.id = j.event_id';

export async function selectLogs(db: Queryable, { where, tail, bindings }: Selection): Promise<LogRow[]> {
  const { rows } = await db.query<LogRow>(
    `select l.id, l.integration_id, l.job_id, l.attempt, l.succeeded, l.processing_time, l.body, l.status_code,
       l.error_detail, l.created_at
     from ${logs} where ${where} ${tail}`,
    bindings.values,
  );
  return rows;
}

export async function selectJobs(db: Queryable, { where, tail, bindings }: Selection): Promise<JobRow[]> {
  const { rows } = await db.query<JobRow>(
    `select j.id, j.integration_id, e.key, j.status, j.attempts, j.created_at, j.updated_at
     from ${jobs} where ${where} ${tail}`,
    bindings.values,
  );
  return rows;
}

export function countLogs(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  return count(db, `${logs} where ${where}`, bindings);
}

export function countJobs(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  return count(db, `${jobs} where ${where}`, bindings);
}

async function count(db: Queryable, what: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(`select count(*) as total from ${what}`, bindings.values);
  return Number(rows[0]?.total ?? 0);
}
