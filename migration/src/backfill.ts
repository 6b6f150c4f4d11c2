import { type Queryable, statement } from '@banyan/kit/postgres';
import type { Mapping } from './mappings/mapping.ts';
import type { Sides } from './sides.ts';

export interface BackfillOptions {
  /** Rows read and applied at a time. */
  chunk: number;
  /** Read every row, not only those that changed since the last finished run. */
  full: boolean;
  /** Do everything, and take it back. */
  dryRun: boolean;
  onProgress?: (progress: BackfillReport) => void;
  /** Looked at between chunks: a run that is broken off is taken up again by the next one. */
  signal?: AbortSignal;
}

export interface BackfillReport {
  mapping: string;
  dryRun: boolean;
  /** Rows to be read in this run, as counted when it began. */
  total: number;
  read: number;
  inserted: number;
  updated: number;
  /** Not newer than what is there. */
  unchanged: number;
  /** Rows that the service cannot use. */
  refused: number;
  refusedIds: string[];
  /** The key after which an earlier, unfinished run was taken up. */
  resumedAfter: string | null;
  /** Only rows that changed after this were read; null: all. */
  since: string | null;
  finished: boolean;
}

interface Progress {
  watermark: string | null;
  run_started: string | null;
  last_key: string | null;
}

/** Transactions at the source may commit this long after the time that their rows carry. */
const overlap = "interval '5 minutes'";

/**
 * Copies what the source has into the target, chunk by chunk in the order of keys, each chunk in one transaction
 * together with how far the run has come. It may be run again at any time: rows that are not newer than what the target
 * has are left alone, a run that was broken off is taken up where it stopped, and after a finished run only what
 * changed since is read.
 */
export async function backfill(mapping: Mapping, sides: Sides, options: BackfillOptions): Promise<BackfillReport> {
  const sql = statementsFor(mapping);
  const progress = await begin(mapping, sides, sql, options);
  const [since] = await sides.on('source', (db) => db.query(sql.since, [options.full ? null : progress.watermark]));
  const report: BackfillReport = {
    mapping: mapping.name,
    dryRun: options.dryRun,
    total: 0,
    read: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    refused: 0,
    refusedIds: [],
    resumedAfter: progress.last_key,
    since: since?.since ?? null,
    finished: false,
  };
  let after = progress.last_key;
  const [counted] = await sides.on('source', (db) => db.query(sql.count, [after, report.since]));
  report.total = counted?.rows ?? 0;

  while (!options.signal?.aborted) {
    const rows = await sides.on('source', (db) => db.query(sql.chunk, [after, report.since, options.chunk]));
    const last = rows.at(-1);
    if (!last) return await finish(mapping, sides, sql, options, report);
    const outcomes = await applyChunk(sides, sql, mapping, rows, last.id, options.dryRun);
    tally(report, rows.length, outcomes);
    after = last.id;
    options.onProgress?.(report);
  }
  return report;
}

function statementsFor(mapping: Mapping) {
  const named = (what: string) => `migration_${mapping.name}_${what}`.replaceAll('-', '_');
  const { progress } = mapping.target;
  const wanted = '($1::uuid IS NULL OR id > $1::uuid) AND ($2::timestamptz IS NULL OR changed_at >= $2::timestamptz)';
  return {
    now: statement<{ now: string }>(named('now'), 'SELECT now()::text AS now'),
    since: statement<{ since: string | null }, [string | null]>(
      named('since'),
      `SELECT ($1::timestamptz - ${overlap})::text AS since`,
    ),
    count: statement<{ rows: number }, [string | null, string | null]>(
      named('count'),
      `SELECT count(*)::int AS rows FROM (${mapping.source.rows}) AS source WHERE ${wanted}`,
    ),
    // As text: microseconds and numbers arrive at the target as they left the source.
    chunk: statement<{ id: string; row: string }, [string | null, string | null, number]>(
      named('chunk'),
      `SELECT id::text, row::text FROM (${mapping.source.rows}) AS source WHERE ${wanted} ORDER BY id LIMIT $3`,
    ),
    apply: statement<{ applied_id: string; outcome: Outcome }, [string]>(named('apply'), mapping.target.apply),
    readProgress: statement<Progress, [string]>(
      named('read_progress'),
      `SELECT watermark::text, run_started::text, last_key::text FROM ${progress} WHERE name = $1`,
    ),
    beginRun: statement<Progress, [string, string, boolean]>(
      named('begin_run'),
      `INSERT INTO ${progress} AS mine (name, run_started) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET
         watermark = CASE WHEN $3 THEN NULL ELSE mine.watermark END,
         run_started = CASE WHEN $3 THEN $2 ELSE coalesce(mine.run_started, $2) END,
         last_key = CASE WHEN $3 OR mine.run_started IS NULL THEN NULL ELSE mine.last_key END
       RETURNING watermark::text, run_started::text, last_key::text`,
    ),
    advance: statement<object, [string, string]>(
      named('advance'),
      `UPDATE ${progress} SET last_key = $2 WHERE name = $1 AND (last_key IS NULL OR last_key < $2::uuid)`,
    ),
    finishRun: statement<object, [string]>(
      named('finish_run'),
      `UPDATE ${progress} SET watermark = coalesce(run_started, watermark), run_started = NULL, last_key = NULL
       WHERE name = $1`,
    ),
  };
}

type Statements = ReturnType<typeof statementsFor>;
type Outcome = 'inserted' | 'updated' | 'unchanged' | 'refused';

async function begin(
  mapping: Mapping,
  sides: Sides,
  sql: Statements,
  { full, dryRun }: BackfillOptions,
): Promise<Progress> {
  // The source's clock: it is compared with the times that the source's rows carry.
  const [clock] = await sides.on('source', (db) => db.query(sql.now, []));
  const rows = await sides.on('target', (db) =>
    dryRun
      ? db.query(sql.readProgress, [mapping.name])
      : db.query(sql.beginRun, [mapping.name, clock?.now ?? '', full]),
  );
  const found = rows[0] ?? { watermark: null, run_started: null, last_key: null };
  return full ? { ...found, last_key: null } : found;
}

/** Carries the outcomes out of a transaction that is to be rolled back. */
class TakenBack extends Error {
  readonly outcomes: { applied_id: string; outcome: Outcome }[];

  constructor(outcomes: { applied_id: string; outcome: Outcome }[]) {
    super('dry run');
    this.outcomes = outcomes;
  }
}

async function applyChunk(
  sides: Sides,
  sql: Statements,
  mapping: Mapping,
  rows: readonly { row: string }[],
  lastId: string,
  dryRun: boolean,
) {
  const json = `[${rows.map(({ row }) => row).join(',')}]`;
  const work = async (connection: Queryable) => {
    const outcomes = await connection.query(sql.apply, [json]);
    if (dryRun) throw new TakenBack(outcomes);
    await connection.query(sql.advance, [mapping.name, lastId]);
    return outcomes;
  };
  try {
    return await sides.on('target', (db) => db.transaction(work));
  } catch (error) {
    if (error instanceof TakenBack) return error.outcomes;
    throw error;
  }
}

async function finish(
  mapping: Mapping,
  sides: Sides,
  sql: Statements,
  { dryRun }: BackfillOptions,
  report: BackfillReport,
): Promise<BackfillReport> {
  if (!dryRun) await sides.on('target', (db) => db.query(sql.finishRun, [mapping.name]));
  report.finished = true;
  return report;
}

function tally(
  report: BackfillReport,
  read: number,
  outcomes: readonly { applied_id: string; outcome: Outcome }[],
): void {
  report.read += read;
  for (const { applied_id, outcome } of outcomes) {
    report[outcome] += 1;
    if (outcome === 'refused') report.refusedIds.push(applied_id);
  }
}
