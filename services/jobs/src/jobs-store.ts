import type { Micros, Page } from '@banyan/kit/api';
import { type DuckdbTransaction, keyedTable, type Queryable, statement } from '@banyan/kit/duckdb';

export interface Job {
  id: string;
  jobType: string;
  /** In the grammar of list filters; empty without one. */
  filter: string;
  status: 'pending' | 'processing' | 'complete' | 'failed';
  error: string | null;
  /** Each beginning has a higher number. */
  attempts: number;
  leasedUntil: Micros | null;
  /** How many pieces the file of a complete job has; null if that is unknown. */
  pieces: number | null;
  createdAt: Micros;
  updatedAt: Micros;
}

/** How a row is read. */
export interface JobRow {
  id: string;
  job_type: string;
  filter: string;
  status: Job['status'];
  error: string | null;
  attempts: number;
  leased_until_us: number | null;
  pieces: number | null;
  created_at_us: number;
  updated_at_us: number;
}

export const jobColumns =
  'id, job_type, filter, status, error, attempts, leased_until_us, pieces, created_at_us, updated_at_us';

const list = statement<JobRow, [number, number]>(
  'jobs_list',
  `select ${jobColumns} from jobs order by created_at_us, id limit ? offset ?`,
);
const count = statement<{ total: number }>('jobs_count', 'select count(*) as total from jobs');
const find = statement<JobRow, [string]>('jobs_find', `select ${jobColumns} from jobs where id = ?`);
const waiting = statement<JobRow>(
  'jobs_waiting',
  `select ${jobColumns} from jobs where status in ('pending', 'processing') order by created_at_us, id limit 1`,
);
const jobs = keyedTable<JobRow>({
  name: 'jobs',
  columns: {
    ...{ id: 'VARCHAR', job_type: 'VARCHAR', filter: 'VARCHAR', status: 'VARCHAR', error: 'VARCHAR' },
    ...{ attempts: 'BIGINT', leased_until_us: 'BIGINT', pieces: 'BIGINT' },
    ...{ created_at_us: 'BIGINT', updated_at_us: 'BIGINT' },
  },
});
const piece = statement<{ content: string }, [string, number]>(
  'files_piece',
  'select content from job_files where job_id = ? and position = ?',
);
const insertPiece = statement<object, [string, number, string]>(
  'files_insert',
  'insert into job_files (job_id, position, content) values (?, ?, ?)',
);
const positions = statement<{ position: number }, [string]>(
  'files_positions',
  'select position from job_files where job_id = ? order by position',
);
const discard = statement<object, [string]>('files_discard', 'delete from job_files where job_id = ?');
const expired = statement<{ id: string }, [number]>(
  'files_expired',
  `select id from jobs where created_at_us <= ? and id in (select job_id from job_files) order by id limit 1`,
);

/** How long a file is kept. */
export const lifetimeUs = 7 * 24 * 3_600_000_000;

/** The key of a piece of a job's file, which travels by itself: it follows that of the job. */
export const pieceKey = (jobId: string, position: number): string => `${jobId}/${String(position).padStart(6, '0')}`;

/** A page of jobs, oldest first, and how many there are. */
export async function listJobs(db: Queryable, { limit, offset }: Page): Promise<{ jobs: Job[]; total: number }> {
  const [rows, totals] = [await db.query(list, [limit, offset]), await db.query(count, [])];
  return { jobs: rows.map(jobOf), total: totals[0]?.total ?? 0 };
}

export async function findJob(db: Queryable, id: string): Promise<Job | undefined> {
  const [row] = await db.query(find, [id]);
  return row && jobOf(row);
}

/** The oldest job that waits, or that no one has finished. */
export async function nextJob(db: Queryable): Promise<Job | undefined> {
  const [row] = await db.query(waiting, []);
  return row && jobOf(row);
}

export const putJob = (tx: DuckdbTransaction, job: Job): Promise<void> => putJobs(tx, [job]);

/** Writes jobs, each another one. */
export async function putJobs(tx: DuckdbTransaction, some: readonly Job[]): Promise<void> {
  await jobs.put(tx, some.map(rowOf));
}

/** The pieces of a job's file, in order, each read when the one before it is taken. */
export async function* filePieces(db: Queryable, jobId: string): AsyncGenerator<string> {
  for (let at = 0; ; at += 1) {
    const [row] = await db.query(piece, [jobId, at]);
    if (row === undefined) return;
    yield row.content;
  }
}

/** How many pieces of a job's file are here. */
export async function countPieces(db: Queryable, jobId: string): Promise<number> {
  return (await db.query(positions, [jobId])).length;
}

export async function putPiece(tx: Queryable, jobId: string, position: number, content: string): Promise<void> {
  await tx.run(insertPiece, [jobId, position, content]);
}

/** Deletes a job's file. Resolves with the keys of its pieces. */
export async function dropPieces(tx: Queryable, jobId: string): Promise<string[]> {
  const rows = await tx.query(positions, [jobId]);
  if (rows.length > 0) await tx.run(discard, [jobId]);
  return rows.map(({ position }) => pieceKey(jobId, position));
}

/** A job whose file is too old. */
export async function expiredFile(db: Queryable, now: Micros): Promise<string | undefined> {
  return (await db.query(expired, [now - lifetimeUs]))[0]?.id;
}

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    jobType: row.job_type,
    filter: row.filter,
    status: row.status,
    error: row.error,
    attempts: row.attempts,
    leasedUntil: row.leased_until_us,
    pieces: row.pieces,
    createdAt: row.created_at_us,
    updatedAt: row.updated_at_us,
  };
}

const rowOf = (job: Job): JobRow => ({
  ...{ id: job.id, job_type: job.jobType, filter: job.filter, status: job.status, error: job.error },
  ...{ attempts: job.attempts, leased_until_us: job.leasedUntil, pieces: job.pieces },
  ...{ created_at_us: job.createdAt, updated_at_us: job.updatedAt },
});
