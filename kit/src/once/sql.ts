import type { Micros } from '../api/timestamps.ts';
import { type Queryable, statement } from '../store/statement.ts';
import { type KeptReplies, type KeptReply, keptForUs } from './kept-reply.ts';
import type { KeyedRequest } from './keyed-request.ts';

/** The words of one engine. Values are `?` in the texts. */
export interface Words {
  /** Writes `?` as the engine does. */
  dialect(text: string): string;
  /** Ends an insert: on a row of the hash, does what `claim` does to a row that is a day old, and nothing otherwise. */
  orClaim: string;
  /** Ends an insert: on a row of the hash, takes the new values of these columns. */
  orReplace(columns: readonly string[]): string;
}

interface ReplyRow {
  hash: string;
  client: string;
  customer: string;
  method: string;
  path: string;
  idempotency_key: string;
  body_hash: string;
  created_at_us: number | string;
  /** Null until the transaction that claimed the key has kept its reply. */
  status: number | null;
  reply: string;
  owner: string | null;
}

const ofRequest = ['hash', 'client', 'customer', 'method', 'path', 'idempotency_key', 'body_hash', 'created_at_us'];
const columns = [...ofRequest, 'status', 'reply', 'owner'];

/** Owners in one statement. */
const ownersAtOnce = 500;
/** Rows in one deletion. Deletions of many rows hold locks for long. */
const forgottenAtOnce = 5_000;

/** Kept replies in the kit's table `keyed_replies`. */
export interface SqlReplies {
  of(tx: Queryable): KeptReplies;
  /** Deletes a batch of what is a day old. Returns whether there may be more. */
  forget(db: Queryable, now: Micros): Promise<boolean>;
}

export function sqlReplies({ dialect, orClaim, orReplace }: Words): SqlReplies {
  const insertOf = (some: readonly string[]) =>
    `insert into keyed_replies (${some.join(', ')}) values (${some.map(() => '?').join(', ')})`;
  const claim = statement<object, (string | number)[]>(
    'kit_replies_claim',
    dialect(`${insertOf(ofRequest)} ${orClaim}`),
  );
  const keep = statement<object, (string | number | null)[]>(
    'kit_replies_keep',
    dialect(`${insertOf(columns)} ${orReplace(columns.filter((column) => column !== 'hash'))}`),
  );
  const find = statement<ReplyRow, [string]>(
    'kit_replies_find',
    dialect(`select ${columns.join(', ')} from keyed_replies where hash = ?`),
  );
  // MariaDB wants the limit in a query of its own.
  const forget = statement<object, [number]>(
    'kit_replies_forget',
    dialect(`delete from keyed_replies where hash in (select hash from
      (select hash from keyed_replies where created_at_us <= ? order by created_at_us limit ${forgottenAtOnce}) as old)`),
  );
  const ownedBy = (count: number) =>
    statement<ReplyRow, (string | number)[]>(
      '',
      dialect(`select ${columns.join(', ')} from keyed_replies
        where owner in (${Array.from({ length: count }, () => '?').join(', ')}) and created_at_us > ? order by hash`),
    );

  return {
    of: (tx) => ({
      claim: async (request) => {
        // Waits for a twin's transaction, and holds the row until the end of this one.
        await tx.run(claim, requestValues(request));
        const [row] = await tx.query(find, [request.hash]);
        return row && replyOf(row);
      },
      keep: async (reply, owner) => {
        await tx.run(keep, [...requestValues(reply), reply.status, reply.reply, owner]);
      },
      ofOwners: async (owners, now) => {
        const rows: ReplyRow[] = [];
        for (let from = 0; from < owners.length; from += ownersAtOnce) {
          const some = owners.slice(from, from + ownersAtOnce);
          rows.push(...(await tx.query(ownedBy(some.length), [...some, now - keptForUs])));
        }
        const byOwner = Map.groupBy(rows, ({ owner }) => owner ?? '');
        return new Map([...byOwner].map(([owner, some]) => [owner, some.flatMap((row) => replyOf(row) ?? [])]));
      },
    }),
    forget: async (db, now) => (await db.run(forget, [now - keptForUs])) >= forgottenAtOnce,
  };
}

function requestValues(request: KeyedRequest): (string | number)[] {
  const { hash, client, customer, method, path, key, bodyHash, createdAt } = request;
  return [hash, client, customer, method, path, key, bodyHash, createdAt];
}

function replyOf(row: ReplyRow): KeptReply | undefined {
  const { hash, client, customer, method, path, idempotency_key: key, status, reply } = row;
  if (status === null) return undefined;
  const request = { hash, client, customer, method, path, key, bodyHash: row.body_hash };
  return { ...request, createdAt: Number(row.created_at_us), status, reply };
}
