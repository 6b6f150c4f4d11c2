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
const lifetimeMs = 7 * 24 * 3_600_000;

export async function insertJob(db: Queryable, filter: string, now: Date): Promise<JobRow> {
  const { rows } = await db.query<JobRow>(
    `insert into jobs (job_type, filter, created_at, updated_at) values ('order_export', $1, $2, $2) returning ${columns}`,
    [filter, now],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row');
  return rows[0];
}

/** The jobs of the last week, oldest first. */
export async function listJobs(db: Queryable, now: Date): Promise<JobRow[]> {
  const { rows } = await db.query<JobRow>(`select ${columns} from jobs where created_at > $1 order by created_at, id`, [
    oldest(now),
  ]);
  return rows;
}

/** A job; undefined if there is none or it is older than a week. */
export async function findJob(db: Queryable, id: string, now: Date): Promise<JobRow | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<JobRow>(`select ${columns} from jobs where id = $1 and created_at > $2`, [
    id,
    oldest(now),
  ]);
  return rows[0];
}

/** Deletes the jobs older than a week, with their files; returns their number. */
export async function expireJobs(db: Queryable, now: Date): Promise<number> {
  return (await db.query('delete from jobs where created_at <= $1', [oldest(now)])).rowCount ?? 0;
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
