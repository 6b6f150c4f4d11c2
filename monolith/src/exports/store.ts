import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';

export interface JobRow {
  id: string;
  job_type: 'order_export';
  /** In the grammar of list filters; empty without one. */
  filter: string;
  status: 'pending' | 'processing' | 'complete' | 'failed';
  error: string | null;
  created_at: Date;
  updated_at: Date;
}

const columns = 'id, job_type, filter, status, error, created_at, updated_at';
/** How long a file is kept. */
const lifetimeMs = 7 * 24 * 3_600_000;

export async function insertJob(db: Queryable, filter: string, now: Date): Promise<JobRow> {
  const { rows } = await db.query<JobRow>(
    `insert into jobs (job_type, filter, created_at, updated_at) values ('order_export', $1, $2, $2) returning ${columns}`,
    [filter, now],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row');
  return rows[0];
}

/** A page of jobs, oldest first. */
export async function listJobs(db: Queryable, page: { limit: number; offset: number }): Promise<JobRow[]> {
  const { rows } = await db.query<JobRow>(`select ${columns} from jobs order by created_at, id limit $1 offset $2`, [
    page.limit,
    page.offset,
  ]);
  return rows;
}

export async function countJobs(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ total: string }>('select count(*) as total from jobs');
  return Number(rows[0]?.total ?? 0);
}

export async function findJob(db: Queryable, id: string): Promise<JobRow | undefined> {
  if (!isUuid(id)) return undefined;
  return (await db.query<JobRow>(`select ${columns} from jobs where id = $1`, [id])).rows[0];
}

/** Whether a job has a file: it is complete and not older than a week. */
export function hasFile({ status, created_at }: JobRow, now: Date): boolean {
  return status === 'complete' && created_at > oldest(now);
}

/** Deletes the files of jobs that are older than a week; returns the number of their pieces. */
export async function expireFiles(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    'delete from job_files where job_id in (select id from jobs where created_at <= $1)',
    [oldest(now)],
  );
  return rowCount ?? 0;
}

/** The pieces of a job's file, in order, each read when the one before it is taken. */
export async function* filePieces(db: Queryable, jobId: string): AsyncGenerator<string> {
  for (let position = 0; ; position += 1) {
    const { rows } = await db.query<{ content: string }>(
      'select content from job_files where job_id = $1 and position = $2',
      [jobId, position],
    );
    if (rows[0] === undefined) return;
    yield rows[0].content;
  }
}

function oldest(now: Date): Date {
  return new Date(now.getTime() - lifetimeMs);
}
