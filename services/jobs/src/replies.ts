import { createHash } from 'node:crypto';
import { badRequest, type Micros, microsOf } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/duckdb';
import type { FastifyRequest } from 'fastify';
import { JobsError } from './errors.ts';

/** A request that had an Idempotency-Key. */
export interface Keyed {
  /** SHA-256 over the client, the customer, the method, the path and the key. */
  hash: string;
  /** The kind of the access token, and the client that it was given to. */
  client: string;
  /** Empty without a customer token. */
  customer: string;
  method: string;
  path: string;
  key: string;
  /** SHA-256 of the request's body. */
  bodyHash: string;
  createdAt: Micros;
}

/** Such a request with its reply, which is written in the transaction of its effect. */
export interface KeptReply extends Keyed {
  status: number;
  reply: string;
}

interface ReplyRow {
  hash: string;
  job_id: string;
  client: string;
  customer: string;
  method: string;
  path: string;
  key: string;
  body_hash: string;
  status: number;
  reply: string;
  created_at_us: number;
}

/** How long a reply is kept. */
const lifetimeUs = 24 * 3_600_000_000;
const maxKeyLength = 255;

const columns = 'hash, job_id, client, customer, method, path, key, body_hash, status, reply, created_at_us';
const find = statement<ReplyRow, [string, number]>(
  'replies_find',
  `select ${columns} from replies where hash = ? and created_at_us > ?`,
);
const columnTypes: Readonly<Record<keyof ReplyRow, string>> = {
  ...{ hash: 'VARCHAR', job_id: 'VARCHAR', client: 'VARCHAR', customer: 'VARCHAR', method: 'VARCHAR', path: 'VARCHAR' },
  ...{ key: 'VARCHAR', body_hash: 'VARCHAR', status: 'BIGINT', reply: 'VARCHAR', created_at_us: 'BIGINT' },
};
const put = statement<object, [string]>(
  'replies_put',
  `insert or replace into replies (${columns})
   select ${columns} from (select unnest(from_json(?::json, '[${JSON.stringify(columnTypes)}]'), recursive := true))`,
);
const ofJobs = statement<ReplyRow, [string, number]>(
  'replies_of_jobs',
  `select ${columns} from replies where job_id in (select unnest(from_json(?::json, '["VARCHAR"]'))) and created_at_us > ?
   order by hash`,
);
const forget = statement<object, [number]>('replies_forget', 'delete from replies where created_at_us <= ?');

/**
 * The earlier reply to a request with this key.
 *
 * @throws JobsError `unprocessable`: the key was used with another body
 */
export async function earlierReply(tx: Queryable, keyed: Keyed): Promise<KeptReply | undefined> {
  const [row] = await tx.query(find, [keyed.hash, keyed.createdAt - lifetimeUs]);
  if (row === undefined) return undefined;
  if (row.body_hash !== keyed.bodyHash) {
    throw new JobsError('unprocessable', {
      title: 'Idempotency-Key reused',
      detail: 'This Idempotency-Key was sent before with another body',
    });
  }
  return replyOf(row);
}

export const keepReply = (tx: Queryable, jobId: string, kept: KeptReply): Promise<void> =>
  keepReplies(tx, [{ jobId, kept }]);

/** Keeps replies, each with the job that its request made, with one statement. */
export async function keepReplies(
  tx: Queryable,
  replies: readonly { jobId: string; kept: KeptReply }[],
): Promise<void> {
  if (replies.length > 0) await tx.run(put, [JSON.stringify(replies.map(rowOf))]);
}

/** The replies that made jobs and are still kept, by the job's id, in the order of their hashes. */
export async function repliesOf(
  tx: Queryable,
  jobIds: readonly string[],
  now: Micros,
): Promise<Map<string, KeptReply[]>> {
  const rows = await tx.query(ofJobs, [JSON.stringify(jobIds), now - lifetimeUs]);
  const byJob = Map.groupBy(rows, ({ job_id }) => job_id);
  return new Map([...byJob].map(([id, some]) => [id, some.map(replyOf)]));
}

/** Deletes what is not kept any more. */
export async function forgetReplies(db: Queryable, now: Micros): Promise<void> {
  await db.run(forget, [now - lifetimeUs]);
}

/**
 * What a request is remembered by; undefined without a key.
 *
 * @throws ServiceError `bad_request`: the key has no form of a key
 */
export function keyedRequest(request: FastifyRequest, nowMs: number): Keyed | undefined {
  const key = keyOf(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { kind, clientId, subject: customer = '' } = request.caller;
  const client = `${kind} ${clientId}`;
  const { method } = request;
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/+$/, '');
  return {
    hash: sha256(JSON.stringify([client, customer, method, path, key])),
    ...{ client, customer, method, path, key },
    bodyHash: sha256(request.bodyText ?? ''),
    createdAt: microsOf(nowMs),
  };
}

/** A quoted string (RFC 9651, section 3.3.3) or, as most clients send it, a bare one without spaces and quotes. */
function keyOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = Array.isArray(field) ? field.join(', ') : field.trim();
  const key = /^"(?:[ !#-[\]-~]|\\["\\])+"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    : /^[!#-~]+$/.test(text)
      ? text
      : undefined;
  if (key === undefined || key.length > maxKeyLength) {
    throw badRequest(`Idempotency-Key is one text of 1 to ${maxKeyLength} visible ASCII characters`);
  }
  return key;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const rowOf = ({ jobId, kept }: { jobId: string; kept: KeptReply }): ReplyRow => ({
  ...{ hash: kept.hash, job_id: jobId, client: kept.client, customer: kept.customer, method: kept.method },
  ...{ path: kept.path, key: kept.key, body_hash: kept.bodyHash, status: kept.status, reply: kept.reply },
  created_at_us: kept.createdAt,
});

const replyOf = (row: ReplyRow): KeptReply => ({
  ...{ hash: row.hash, client: row.client, customer: row.customer, method: row.method, path: row.path, key: row.key },
  ...{ bodyHash: row.body_hash, createdAt: row.created_at_us, status: row.status, reply: row.reply },
});
