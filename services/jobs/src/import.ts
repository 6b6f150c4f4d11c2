import type { Micros } from '@banyan/kit/api';
import { type DuckdbTransaction, type Statement, statement } from '@banyan/kit/duckdb';
import { Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type KeptReply, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import Type, { type Static } from '@banyan/kit/typebox';
import { type Job, type JobRow, jobColumns, jobOf, pieceKey, putJobs } from './jobs-store.ts';
import { keepReplies, repliesOf } from './replies.ts';

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

/** A piece has 262,144 characters and the rest of an order. */
const pieceWeight = 50;

const idsIn = `(select unnest(from_json(?::json, '["VARCHAR"]')))`;
const readJobs = statement<JobRow, [string]>('import_jobs', `select ${jobColumns} from jobs where id in ${idsIn}`);
const keyOfPiece = `job_id || '/' || lpad(position::varchar, 6, '0')`;
const placesIn = `(select unnest(from_json(?::json, '[{"job_id":"VARCHAR","position":"BIGINT"}]'), recursive := true))`;
const readPieces = statement<{ key: string; content: string }, [string]>(
  'import_pieces',
  `select ${keyOfPiece} as key, content from job_files join ${placesIn} as wanted using (job_id, position)`,
);
const keysAfter = statement<{ key: string }, [string | null, string | null, string | null, string | null, number]>(
  'import_keys',
  `select key from (select id as key from jobs union all select ${keyOfPiece} as key from job_files)
   where (?::varchar is null or key > ?) and (?::varchar is null or key <= ?) order by key limit ?`,
);
const dropJobs = statement<object, [string]>('import_drop_jobs', `delete from jobs where id in ${idsIn}`);
const dropSome = statement<object, [string]>(
  'import_drop_pieces',
  `delete from job_files using ${placesIn} as gone
   where job_files.job_id = gone.job_id and job_files.position = gone.position`,
);
/** A piece that is sent once more is the same: the engine would write all of it again. */
const putPieces = statement<object, [string]>(
  'import_put_pieces',
  `insert into job_files (job_id, position, content)
   select job_id, position, content from (select unnest(from_json(?::json,
     '[{"job_id":"VARCHAR","position":"BIGINT","content":"VARCHAR"}]'), recursive := true))
   on conflict (job_id, position) do update set content = excluded.content where job_files.content <> excluded.content`,
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
  weight: (key) => (isPiece(key) ? pieceWeight : 1),
  apply: async (tx, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    await onRows(tx, dropJobs, jobsAmong(gone));
    await onRows(tx, dropSome, placesOf(gone));
    const jobs: Job[] = [];
    const replies: { jobId: string; kept: KeptReply }[] = [];
    const pieces: (Place & PieceState)[] = [];
    for (const { key, state } of changes) {
      if (state === null) continue;
      if ('content' in state) {
        pieces.push({ ...placeOf(key), content: state.content });
        continue;
      }
      jobs.push(jobIn(key, state));
      for (const reply of state.replies) replies.push({ jobId: key, kept: replyIn(reply) });
    }
    await putJobs(tx, jobs);
    await keepReplies(tx, replies);
    await onRows(tx, putPieces, pieces);
  },
  read: async (tx, keys) => {
    const wanted = jobsAmong(keys);
    const rows = wanted.length === 0 ? [] : await tx.query(readJobs, [JSON.stringify(wanted)]);
    const replies = await repliesOf(
      tx,
      rows.map(({ id }) => id),
      now(),
    );
    const places = placesOf(keys);
    const pieces = places.length === 0 ? [] : await tx.query(readPieces, [JSON.stringify(places)]);
    return new Map<string, State>([
      ...rows.map((row) => [row.id, stateOf(jobOf(row), replies.get(row.id) ?? [])] as const),
      ...pieces.map(({ key, content }) => [key, { content }] as const),
    ]);
  },
  keys: async (tx, { after, to, limit }) =>
    (await tx.query(keysAfter, [after, after, to, to, limit])).map(({ key }) => key),
  displaced: async () => 0,
});

/** A statement of a list of rows, unless the list is empty. */
async function onRows(
  tx: DuckdbTransaction,
  one: Statement<object, [string]>,
  rows: readonly (string | object)[],
): Promise<void> {
  if (rows.length > 0) await tx.run(one, [JSON.stringify(rows)]);
}

const isPiece = (key: string): boolean => key.includes('/');
const jobsAmong = (keys: readonly string[]): string[] => keys.filter((key) => !isPiece(key));
const placesOf = (keys: readonly string[]): Place[] => keys.filter(isPiece).map(placeOf);

/** Where a piece of a file is. */
interface Place {
  job_id: string;
  position: number;
}

function placeOf(key: string): Place {
  const [jobId = '', position = ''] = key.split('/');
  if (key !== pieceKey(jobId, Number(position))) throw new Error('a piece has the key of something else');
  return { job_id: jobId, position: Number(position) };
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
