import { statement } from '@banyan/kit/postgres';
import type { Mapping } from './mappings/mapping.ts';
import { mend, prune } from './mend.ts';
import type { Sides } from './sides.ts';
import { type Applied, inTarget, jsonArray } from './target.ts';

export interface BackfillOptions {
  /** Rows read and applied at a time. */
  chunk: number;
  /** Read every row, not only those that changed since the last finished run. */
  full: boolean;
  /** Do everything, and take it back. */
  dryRun: boolean;
  /** First delete what the target has and the source has not. */
  prune: boolean;
  onProgress?: (progress: BackfillReport) => void;
  /** Looked at between chunks: a run that is broken off is taken up again by the next one. */
  signal?: AbortSignal;
}

export interface BackfillReport {
  mapping: string;
  dryRun: boolean;
  /** Rows to be read in this run: by their dates, as counted when it began, and those that differ all the same. */
  total: number;
  read: number;
  inserted: number;
  updated: number;
  /** Not newer than what is there. */
  unchanged: number;
  /** Rows that the service cannot use. */
  refused: number;
  refusedIds: string[];
  /** Of those read: rows that differed although no date in them is new. */
  mended: number;
  /** Records that were deleted, because the source does not have them (`prune`). */
  removed: number;
  /** Records that the target has and the source has not, and that were left. */
  extra: number;
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
  const removed = options.prune ? await prune(mapping, sides, options.dryRun) : 0;
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
    mended: 0,
    removed,
    extra: 0,
    resumedAfter: progress.last_key,
    since: since?.since ?? null,
    finished: false,
  };
  let after = progress.last_key;
  const [counted] = await sides.on('source', (db) => db.query(sql.count, [after, report.since]));
  report.total = counted?.rows ?? 0;
  const seen = new Set<string>();

  while (!options.signal?.aborted) {
    const rows = await sides.on('source', (db) => db.query(sql.chunk, [after, report.since, options.chunk]));
    const last = rows.at(-1);
    if (!last) return await finish(mapping, sides, sql, options, report, seen);
    const applied = await applyChunk(sides, sql, mapping, rows, last.id, options.dryRun);
    tally(report, rows.length, applied);
    // A refused row differs for ever; a dry run's rows differ because they were taken back.
    for (const { applied_id, outcome } of applied) if (options.dryRun || outcome === 'refused') seen.add(applied_id);
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
    apply: statement<Applied, [string, boolean]>(named('apply'), mapping.target.apply),
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

function applyChunk(
  sides: Sides,
  sql: Statements,
  mapping: Mapping,
  rows: readonly { row: string }[],
  lastId: string,
  dryRun: boolean,
): Promise<Applied[]> {
  return inTarget(sides, dryRun, async (connection) => {
    const applied = await connection.query(sql.apply, [jsonArray(rows), false]);
    if (!dryRun) await connection.query(sql.advance, [mapping.name, lastId]);
    return applied;
  });
}

async function finish(
  mapping: Mapping,
  sides: Sides,
  sql: Statements,
  options: BackfillOptions,
  report: BackfillReport,
  seen: ReadonlySet<string>,
): Promise<BackfillReport> {
  if (!options.dryRun) await sides.on('target', (db) => db.query(sql.finishRun, [mapping.name]));
  const mended = await mend(mapping, sides, {
    ...options,
    skip: seen,
    onTotal: (rows) => {
      report.total += rows;
    },
    onApplied: (read, applied) => {
      tally(report, read, applied);
      report.mended += applied.filter(({ outcome }) => outcome !== 'refused').length;
      options.onProgress?.(report);
    },
  });
  report.finished = mended.finished;
  report.extra = options.dryRun ? mended.extra - report.removed : mended.extra;
  return report;
}

function tally(report: BackfillReport, read: number, applied: readonly Applied[]): void {
  report.read += read;
  for (const { applied_id, outcome } of applied) {
    report[outcome] += 1;
    if (outcome === 'refused') report.refusedIds.push(applied_id);
  }
}
