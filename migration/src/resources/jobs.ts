import type { Queryable } from './queryable.ts';
import { type Resource, type StateChange, timeText, type WayBack } from './resource.ts';

/** A reply to a keyed request is forgotten after a day. It is not deleted then. */
const kept = (reply: string) => `${reply}.status is not null and ${reply}.created_at > now() - interval '1 day'`;

/** The id of the job that a keyed request has made; null for requests to other resources. */
const jobOfReply = (row: string) => `case when ${row}.path = '/v2/jobs' then ${row}.reply::jsonb #>> '{data,id}' end`;

/** The key of a piece of a job's file: it follows that of the job. */
const pieceKey = (row: string) => `(${row}.job_id::text || '/' || lpad(${row}.position::text, 6, '0'))`;

/** A piece has 262,144 characters and the rest of an order. */
const pieceWeight = 50;

const repliesOf = `(
  select coalesce(jsonb_agg(jsonb_build_object(
    'hash', encode(r.scope_hash, 'hex'), 'client', r.client, 'customer', r.customer, 'method', r.method, 'path', r.path,
    'key', r.key, 'body_hash', encode(r.body_hash, 'hex'), 'status', r.status, 'reply', r.reply,
    'created_at', ${timeText('r.created_at')}) order by encode(r.scope_hash, 'hex') collate "C"), '[]')
  from idempotency_keys r where r.path = '/v2/jobs' and ${kept('r')} and ${jobOfReply('r')} = j.id::text)`;

/**
 * Jobs, with the replies to the keyed requests that made them, and the pieces of their files: each piece is an aggregate
 * of its own, because files are large and pieces never change.
 */
export const jobs: Resource & WayBack = {
  name: 'jobs',
  group: 'jobs',
  service: 'jobs',
  route: 'jobs',
  summary: 'Jobs and their files',
  weight: (key) => (key.includes('/') ? pieceWeight : 1),
  hearsFacts: true,
  tables: [
    {
      name: 'idempotency_keys',
      key: jobOfReply,
      shared: true,
      columns: [
        ...['scope_hash', 'client', 'customer', 'method', 'path', 'key', 'body_hash', 'status', 'reply', 'created_at'],
      ],
    },
    {
      name: 'jobs',
      key: 'id',
      columns: [
        ...['id', 'job_type', 'filter', 'status', 'error', 'attempts', 'leased_until', 'created_at', 'updated_at'],
        'pieces',
      ],
    },
    { name: 'job_files', key: pieceKey, columns: ['job_id', 'position', 'content'] },
  ],
  states: `
    with wanted as materialized (select key, position('/' in key) > 0 as is_piece from unnest($1::text[]) as keys (key)),
    named as materialized (select key, key::uuid as id from wanted where not is_piece),
    pieces as materialized (
      select key, split_part(key, '/', 1)::uuid as id, split_part(key, '/', 2)::integer as position
      from wanted where is_piece)
    select key, jsonb_build_object(
      'job_type', j.job_type, 'filter', j.filter, 'status', j.status, 'error', j.error, 'attempts', j.attempts, 'pieces', j.pieces,
      'leased_until', ${timeText('j.leased_until')}, 'created_at', ${timeText('j.created_at')},
      'updated_at', ${timeText('j.updated_at')}, 'replies', ${repliesOf}) as state
    from named join jobs j using (id)
    union all
    select key, jsonb_build_object('content', f.content)
    from pieces join job_files f on f.job_id = pieces.id and f.position = pieces.position`,
  // The store has no locale, so its order of text is that of bytes.
  keys: `
    select key from (
      (select j.id::text as key from jobs j where $1::text is null or j.id::text > $1::text order by 1 limit $2)
      union all
      (select ${pieceKey('f')} as key from job_files f where $1::text is null or ${pieceKey('f')} > $1::text
       order by 1 limit $2)
    ) as both_kinds order by key limit $2`,
  count: 'select ((select count(*) from jobs) + (select count(*) from job_files))::int as count',
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    const isPiece = ({ key }: StateChange) => key.includes('/');
    await applyJobs(
      db,
      changes.filter((change) => !isPiece(change)),
    );
    await applyPieces(db, changes.filter(isPiece));
  },
  afterDelete: async () => {},
};

async function applyJobs(db: Queryable, changes: readonly StateChange[]): Promise<void> {
  const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
  await db.query('delete from jobs where id = any($1::text[]::uuid[])', [gone]);
  const rows = JSON.stringify(changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, ...state }])));
  await db.query(
    `insert into jobs (id, job_type, filter, status, error, attempts, leased_until, created_at, updated_at, pieces)
     select * from jsonb_to_recordset($1::jsonb) as row(
       id uuid, job_type text, filter text, status text, error text, attempts integer, leased_until timestamptz,
       created_at timestamptz, updated_at timestamptz, pieces integer)
     on conflict (id) do update set job_type = excluded.job_type, filter = excluded.filter, status = excluded.status,
       error = excluded.error, attempts = excluded.attempts, leased_until = excluded.leased_until,
       created_at = excluded.created_at, updated_at = excluded.updated_at, pieces = excluded.pieces`,
    [rows],
  );
  // Replies of a job that is gone stay: each has a lifetime of its own.
  await db.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     select decode(reply.hash, 'hex'), reply.client, reply.customer, reply.method, reply.path, reply.key,
       decode(reply.body_hash, 'hex'), reply.status, reply.reply, reply.created_at
     from jsonb_to_recordset($1::jsonb) as row(replies jsonb), jsonb_to_recordset(row.replies) as reply(
       hash text, client text, customer text, method text, path text, key text, body_hash text, status integer,
       reply text, created_at timestamptz)
     on conflict (scope_hash) do update set body_hash = excluded.body_hash, status = excluded.status,
       reply = excluded.reply, created_at = excluded.created_at`,
    [rows],
  );
}

async function applyPieces(db: Queryable, changes: readonly StateChange[]): Promise<void> {
  const rows = JSON.stringify(
    changes.map(({ key, state }) => {
      const [jobId = '', position = ''] = key.split('/');
      return { job_id: jobId, position: Number(position), content: state?.content ?? null };
    }),
  );
  await db.query(
    `delete from job_files f using jsonb_to_recordset($1::jsonb) as row(job_id uuid, position integer, content text)
     where f.job_id = row.job_id and f.position = row.position and row.content is null`,
    [rows],
  );
  await db.query(
    `insert into job_files (job_id, position, content)
     select job_id, position, content
     from jsonb_to_recordset($1::jsonb) as row(job_id uuid, position integer, content text) where content is not null
     on conflict (job_id, position) do update set content = excluded.content`,
    [rows],
  );
}
