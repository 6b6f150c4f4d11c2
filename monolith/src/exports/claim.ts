import type { Queryable } from '../db.ts';

export interface Claimed {
  id: string;
  filter: string;
  /** 1 for the first. A later claim has a higher number and ends the work of an earlier one. */
  attempt: number;
}

/** How long a claim holds after each written piece. */
const leaseMs = 60_000;
const maxAttempts = 3;

/** Claims the oldest job that waits, or that a process left unfinished. Three interruptions fail a job. */
export async function claimJob(db: Queryable, now: Date): Promise<Claimed | undefined> {
  await db.query(
    `update jobs set status = 'failed', error = 'The export was interrupted again and again', updated_at = $1
     where status = 'processing' and leased_until <= $1 and attempts >= $2`,
    [now, maxAttempts],
  );
  const { rows } = await db.query<Claimed>(
    `update jobs set status = 'processing', attempts = attempts + 1, leased_until = $2, updated_at = $1
     where id = (select id from jobs where status = 'pending' or (status = 'processing' and leased_until <= $1)
                 order by created_at, id limit 1 for update skip locked)
     returning id, filter, attempts as attempt`,
    [now, leaseEnd(now)],
  );
  return rows[0];
}

/** Deletes what an earlier attempt wrote. */
export async function discardPieces(db: Queryable, { id }: Claimed): Promise<void> {
  await db.query('delete from job_files where job_id = $1', [id]);
}

/** Writes one piece of the file and extends the claim. Returns false if another process has claimed the job. */
export async function writePiece(
  db: Queryable,
  { id, attempt }: Claimed,
  position: number,
  content: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with held as (update jobs set leased_until = $5 where id = $1 and attempts = $2 and status = 'processing'
                   returning id)
     insert into job_files (job_id, position, content) select id, $3, $4 from held`,
    [id, attempt, position, content, leaseEnd(now)],
  );
  return rowCount === 1;
}

/** Ends a claimed job. Does nothing if another process has claimed it. */
export async function endJob(db: Queryable, { id, attempt }: Claimed, error: string | null, now: Date): Promise<void> {
  await db.query(
    `update jobs set status = $3, error = $4, leased_until = null, updated_at = $5,
       pieces = case when $3 = 'complete' then (select count(*) from job_files where job_id = $1) end
     where id = $1 and attempts = $2 and status = 'processing'`,
    [id, attempt, error === null ? 'complete' : 'failed', error, now],
  );
}

function leaseEnd(now: Date): Date {
  return new Date(now.getTime() + leaseMs);
}
