import type { Micros } from '@banyan/kit/api';
import { type DuckdbTransaction, keyedTable, type Queryable, statement } from '@banyan/kit/duckdb';
import { type KeptReply, type KeyedRequest, keptForUs, requireSameBody } from '@banyan/kit/once';

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

const columns = 'hash, job_id, client, customer, method, path, key, body_hash, status, reply, created_at_us';
const find = statement<ReplyRow, [string, number]>(
  'replies_find',
  `select ${columns} from replies where hash = ? and created_at_us > ?`,
);
const table = keyedTable<ReplyRow>({
  name: 'replies',
  columns: {
    ...{
      hash: 'VARCHAR',
      job_id: 'VARCHAR',
      client: 'VARCHAR',
      customer: 'VARCHAR',
      method: 'VARCHAR',
      path: 'VARCHAR',
    },
    ...{ key: 'VARCHAR', body_hash: 'VARCHAR', status: 'BIGINT', reply: 'VARCHAR', created_at_us: 'BIGINT' },
  },
});
const ofJobs = statement<ReplyRow, [string, number]>(
  'replies_of_jobs',
  `select ${columns} from replies where job_id in (select unnest(from_json(?::json, '["VARCHAR"]'))) and created_at_us > ?
   order by hash`,
);
const forget = statement<object, [number]>('replies_forget', 'delete from replies where created_at_us <= ?');

/**
 * The earlier reply to a request with this key.
 *
 * @throws ServiceError `key_reused`: the key was used with another body
 */
export async function earlierReply(tx: Queryable, keyed: KeyedRequest): Promise<KeptReply | undefined> {
  const [row] = await tx.query(find, [keyed.hash, keyed.createdAt - keptForUs]);
  if (row === undefined) return undefined;
  const earlier = replyOf(row);
  requireSameBody(keyed, earlier);
  return earlier;
}

export const keepReply = (tx: DuckdbTransaction, jobId: string, kept: KeptReply): Promise<void> =>
  keepReplies(tx, [{ jobId, kept }]);

/** Keeps replies, each with the job that its request made. */
export async function keepReplies(
  tx: DuckdbTransaction,
  replies: readonly { jobId: string; kept: KeptReply }[],
): Promise<void> {
  await table.put(tx, replies.map(rowOf));
}

/** The replies that made jobs and are still kept, by the job's id, in the order of their hashes. */
export async function repliesOf(
  tx: Queryable,
  jobIds: readonly string[],
  now: Micros,
): Promise<Map<string, KeptReply[]>> {
  const rows = await tx.query(ofJobs, [JSON.stringify(jobIds), now - keptForUs]);
  const byJob = Map.groupBy(rows, ({ job_id }) => job_id);
  return new Map([...byJob].map(([id, some]) => [id, some.map(replyOf)]));
}

/** Deletes what is not kept any more. */
export async function forgetReplies(db: Queryable, now: Micros): Promise<void> {
  await db.run(forget, [now - keptForUs]);
}

const rowOf = ({ jobId, kept }: { jobId: string; kept: KeptReply }): ReplyRow => ({
  ...{ hash: kept.hash, job_id: jobId, client: kept.client, customer: kept.customer, method: kept.method },
  ...{ path: kept.path, key: kept.key, body_hash: kept.bodyHash, status: kept.status, reply: kept.reply },
  created_at_us: kept.createdAt,
});

const replyOf = (row: ReplyRow): KeptReply => ({
  ...{ hash: row.hash, client: row.client, customer: row.customer, method: row.method, path: row.path, key: row.key },
  ...{ bodyHash: row.body_hash, createdAt: row.created_at_us, status: row.status, reply: row.reply },
});
