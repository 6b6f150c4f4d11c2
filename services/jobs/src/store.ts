import { type Micros, microsOf, type Page } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { type Duckdb, type DuckdbTransaction, openDuckdb } from '@banyan/kit/duckdb';
import { duckdbLedger } from '@banyan/kit/duckdb-ledger';
import { type Moves, openMoves } from '@banyan/kit/import';
import type { KeyedRequest } from '@banyan/kit/once';
import { jobsImport } from './import.ts';
import type { Job } from './jobs-store.ts';
import * as rows from './jobs-store.ts';
import { KnownReads } from './known-reads.ts';
import { type OrdersStore, ordersStore } from './orders-store.ts';
import { earlierReply, forgetReplies, keepReply } from './replies.ts';
import { type SalesAsked, sales } from './sales.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** Beginnings of a job before it fails: something ends the process each time. */
const maxAttempts = 3;

/** A reply as it is sent. */
export interface Reply {
  status: number;
  /** JSON text */
  body: string;
}

export interface Store {
  readonly db: Duckdb;
  readonly orders: OrdersStore;
  list(page: Page): Promise<{ jobs: Job[]; total: number }>;
  find(id: string): Promise<Job | undefined>;
  /** Whether all pieces of a job's file are here: they come one by one from another owner. */
  hasPieces(job: Job): Promise<boolean>;
  /** The pieces of a job's file, in order. */
  pieces(id: string): AsyncGenerator<string>;
  /**
   * Makes a job. With a key that was used before, it makes none and resolves with the earlier reply.
   *
   * @param show makes the body of the reply
   * @throws ServiceError `misdirected` while another system owns the jobs
   */
  make(job: Job, keyed: KeyedRequest | undefined, show: (job: Job) => object): Promise<Reply>;
  /** The oldest job that waits, or that no one has finished. */
  next(): Promise<Job | undefined>;
  /**
   * Begins a job, without what an earlier attempt wrote. Undefined if it is over, or has begun too often: then it fails.
   * One process has the store and runs one job at a time, so a job that is processing is one that no one runs.
   *
   * @throws ServiceError `misdirected` while another system owns the jobs: it runs them
   */
  begin(id: string): Promise<Job | undefined>;
  /** Writes a piece of the file of a job that has begun. False if it was begun anew elsewhere. */
  write(job: Job, position: number, content: string): Promise<boolean>;
  /** Ends a job that has begun. `error`: why it failed. */
  end(job: Job, error: string | null): Promise<void>;
  /** Deletes the files of jobs that are older than a week, and replies that are not kept any more. */
  expire(): Promise<void>;
  sales: (asked: SalesAsked) => ReturnType<typeof sales>;
  /** Who owns the jobs, and the way by which they move. */
  readonly moves: Moves<DuckdbTransaction>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The database file, which one process at a time can open. */
  path: string;
  now: Clock;
  /** Called when the engine broke. End the process. */
  onFatal: (error: Error) => void;
}

export function openStore({ path, now: clock, onFatal }: StoreOptions): Store {
  const db = openDuckdb({ path, onFatal, now: clock });
  const now = (): Micros => microsOf(clock());
  const known = new KnownReads();
  // Orders are written all the time and are no part of the answers, so they go past it.
  const moves = openMoves(duckdbLedger(known.forgetting(db)), [jobsImport(now)]);
  /** Runs `work` if the job is still as it was begun. */
  const whileHeld = (
    job: Job,
    work: (tx: DuckdbTransaction, put: (changed: Job) => Promise<void>) => Promise<string[]>,
  ) =>
    moves.write('jobs', async (tx, changed) => {
      const current = await rows.findJob(tx, job.id);
      if (current?.status !== 'processing' || current.attempts !== job.attempts) return false;
      await changed(await work(tx, (after) => rows.putJob(tx, after)));
      return true;
    });

  return {
    db,
    orders: ordersStore(db),
    list: (page) => known.answer(`page ${page.limit} ${page.offset}`, () => rows.listJobs(db, page)),
    find: (id) => known.answer(`job ${id}`, () => rows.findJob(db, id)),
    hasPieces: async ({ id, pieces }) => pieces === null || (await rows.countPieces(db, id)) >= pieces,
    pieces: (id) => rows.filePieces(db, id),
    make: (job, keyed, show) =>
      moves.write('jobs', async (tx, changed) => {
        const earlier = keyed && (await earlierReply(tx, keyed));
        if (earlier) return { status: earlier.status, body: earlier.reply };
        const reply = { status: 201, body: JSON.stringify(show(job)) };
        await rows.putJob(tx, job);
        if (keyed) await keepReply(tx, job.id, { ...keyed, status: reply.status, reply: reply.body });
        await changed(job.id);
        return reply;
      }),
    next: () => rows.nextJob(db),
    begin: (id) =>
      moves.write('jobs', async (tx, changed) => {
        const job = await rows.findJob(tx, id);
        if (job?.status !== 'pending' && job?.status !== 'processing') return undefined;
        const dropped = await rows.dropPieces(tx, id);
        if (dropped.length > 0) await changed(dropped, { deleted: true });
        const tried = job.status === 'processing' && job.attempts >= maxAttempts;
        const after: Job = tried
          ? { ...job, status: 'failed', error: 'The export was interrupted again and again', leasedUntil: null }
          : // Another owner need not wait: by then this one cannot write any more.
            { ...job, status: 'processing', attempts: job.attempts + 1, leasedUntil: now() };
        await rows.putJob(tx, { ...after, updatedAt: now() });
        await changed(id);
        return tried ? undefined : after;
      }),
    write: (job, position, content) =>
      whileHeld(job, async (tx) => {
        await rows.putPiece(tx, job.id, position, content);
        return [rows.pieceKey(job.id, position)];
      }),
    end: async (job, error) => {
      await whileHeld(job, async (tx, put) => {
        const ended = { ...job, error, leasedUntil: null, updatedAt: now() };
        if (error !== null) await put({ ...ended, status: 'failed' });
        else await put({ ...ended, status: 'complete', pieces: await rows.countPieces(tx, job.id) });
        return [job.id];
      });
    },
    expire: async () => {
      for (;;) {
        const id = await rows.expiredFile(db, now());
        if (id === undefined) break;
        await moves.write('jobs', async (tx, changed) => {
          const dropped = await rows.dropPieces(tx, id);
          if (dropped.length > 0) await changed(dropped, { deleted: true });
        });
      }
      await forgetReplies(db, now());
    },
    sales: (asked) => sales(db, asked),
    moves,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
