import type { Micros } from '@banyan/kit/api';
import { type DuckdbTransaction, statement } from '@banyan/kit/duckdb';
import { type AppliedChange, Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type KeptReply, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import Type, { type Static } from '@banyan/kit/typebox';
import { type Job, type JobRow, jobColumns, jobOf, pieceKey, putJob } from './jobs-store.ts';
import { keepReply, repliesOf } from './replies.ts';

const JobState = Type.Object({
  job_type: Type.Enum(['order_export']),
  filter: Type.String(),
  status: Type.Enum(['pending', 'processing', 'complete', 'failed']),
  error: Type.Union([Type.String(), Type.Null()]),
  attempts: Type.Integer({ minimum: 0 }),
  leased_until: Type.Union([Moment, Type.Null()]),
  pieces: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  created_at: Moment,
  updated_at: Moment,
  /** To the keyed request that made the job. */
  replies: Type.Array(ReplyState),
});
type JobState = Static<typeof JobState>;
const PieceState = Type.Object({ content: Type.String() });
type PieceState = Static<typeof PieceState>;
const State = Type.Union([JobState, PieceState]);
type State = JobState | PieceState;

const idsIn = `(select unnest(from_json(?::json, '["VARCHAR"]')))`;
const readJobs = statement<JobRow, [string]>('import_jobs', `select ${jobColumns} from jobs where id in ${idsIn}`);
const keyOfPiece = `job_id || '/' || lpad(position::varchar, 6, '0')`;
const readPieces = statement<{ key: string; content: string }, [string]>(
  'import_pieces',
  `select ${keyOfPiece} as key, content from job_files where ${keyOfPiece} in ${idsIn}`,
);
const keysAfter = statement<{ key: string }, [string | null, string | null, string | null, string | null, number]>(
  'import_keys',
  `select key from (select id as key from jobs union all select ${keyOfPiece} as key from job_files)
   where (?::varchar is null or key > ?) and (?::varchar is null or key <= ?) order by key limit ?`,
);
const dropJobs = statement<object, [string]>('import_drop_jobs', `delete from jobs where id in ${idsIn}`);
const dropSome = statement<object, [string]>(
  'import_drop_pieces',
  `delete from job_files where ${keyOfPiece} in ${idsIn}`,
);
const putPiece = statement<object, [string, number, string]>(
  'import_put_piece',
  `insert into job_files (job_id, position, content) values (?, ?, ?)
   on conflict (job_id, position) do update set content = excluded.content`,
);

/**
 * How jobs move between the monolith and this service. Transitional. A job is an aggregate, with the reply to the keyed
 * request that made it, and each piece of its file is one: files are large, and pieces never change. Nothing is unique
 * besides keys, so nothing is ever set aside.
 *
 * @param now in microseconds: replies are kept for a day
 */
export const jobsImport = (now: () => Micros): MovedResource<DuckdbTransaction, State> => ({
  name: 'jobs',
  group: 'jobs',
  schema: State,
  batch: 20,
  apply: async (tx, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    await tx.run(dropJobs, [JSON.stringify(gone)]);
    await tx.run(dropSome, [JSON.stringify(gone)]);
    for (const change of changes) await put(tx, change);
  },
  read: async (tx, keys) => {
    const wanted = JSON.stringify(keys);
    const rows = await tx.query(readJobs, [wanted]);
    const replies = await repliesOf(
      tx,
      rows.map(({ id }) => id),
      now(),
    );
    const pieces = await tx.query(readPieces, [wanted]);
    return new Map<string, State>([
      ...rows.map((row) => [row.id, stateOf(jobOf(row), replies.get(row.id) ?? [])] as const),
      ...pieces.map(({ key, content }) => [key, { content }] as const),
    ]);
  },
  keys: async (tx, { after, to, limit }) =>
    (await tx.query(keysAfter, [after, after, to, to, limit])).map(({ key }) => key),
  displaced: async () => 0,
});

async function put(tx: DuckdbTransaction, { key, state }: AppliedChange<State>): Promise<void> {
  if (state === null) return;
  if ('content' in state) {
    const [jobId = '', position = ''] = key.split('/');
    if (key !== pieceKey(jobId, Number(position))) throw new Error('a piece has the key of something else');
    await tx.run(putPiece, [jobId, Number(position), state.content]);
    return;
  }
  await putJob(tx, jobIn(key, state));
  for (const reply of state.replies) await keepReply(tx, key, replyIn(reply));
}

const jobIn = (id: string, state: JobState): Job => ({
  ...{ id, jobType: state.job_type, filter: state.filter, status: state.status, error: state.error },
  attempts: state.attempts,
  pieces: state.pieces,
  leasedUntil: state.leased_until === null ? null : microsIn(state.leased_until),
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
});

const stateOf = (job: Job, replies: readonly KeptReply[]): JobState => ({
  job_type: job.jobType as 'order_export',
  ...{ filter: job.filter, status: job.status, error: job.error, attempts: job.attempts },
  pieces: job.pieces,
  leased_until: job.leasedUntil === null ? null : momentOf(job.leasedUntil),
  created_at: momentOf(job.createdAt),
  updated_at: momentOf(job.updatedAt),
  replies: replies.map(replyStateOf),
});
