import { statement } from '@banyan/kit/postgres';
import type { Mapping } from './mappings/mapping.ts';
import { mend, prune } from './mend.ts';
import type { Sides } from './sides.ts';
import { type Applied, inTarget, jsonArray } from './target.ts';

export interface BackfillOptions {
  /** Rows read and applied at a time. */
  chunk: number;
  /** Read every row, not only rows that changed since the last finished run. */
  full: boolean;
  /** Roll back every change. */
  dryRun: boolean;
  /** First delete the target's records that the source does not have. */
  prune: boolean;
  onProgress?: (progress: BackfillReport) => void;
  /** Checked between chunks. The next run continues an aborted one. */
  signal?: AbortSignal;
}

export interface BackfillReport {
  mapping: string;
  dryRun: boolean;
  /** Rows to read in this run: changed rows, as counted at its start, and mended rows. */
  total: number;
  read: number;
  inserted: number;
  updated: number;
  /** Not newer than the target's record. */
  unchanged: number;
  /** Rows that the service cannot use. */
  refused: number;
  refusedIds: string[];
  /** Rows that differed although their dates are not newer. Included in `read`. */
  mended: number;
  /** Records deleted because the source does not have them (`prune`). */
  removed: number;
  /** Records that only the target has and that were not deleted. */
  extra: number;
  /** The last key of an unfinished run that this run continues. */
  resumedAfter: string | null;
  /** Only rows that changed after this were read. Null: all. */
  since: string | null;
  finished: boolean;
}

interface Progress {
  watermark: string | null;
  run_started: string | null;
  last_key: string | null;
}

/** How long after the time in its rows a transaction at the source may commit. */
const overlap = "interval '5 minutes'";

/**
 * Copies the source's rows to the target in chunks, in the order of their keys. Each chunk is one transaction, which
 * also stores the progress of the run. The backfill may be repeated at any time: it skips rows that are not newer than
 * the target's, continues an unfinished run, and after a finished run reads only rows that changed since.
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
    // Not mended: a refused row always differs, and rows of a dry run differ because they were rolled back.
    for (const { applied_id, outcome } of applied) if (options.dryRun || outcome === 'refused') seen.add(applied_id);
    after = last.id;
    options.onProgress?.(report);
  }
  return report;
}

function statementsFor(mapping: Mapping) {
  const named = (what: string) => `migration_${mapping.name}_${what}`.replaceAll('-', '_');
  const { progress } = mapping.target;
  const wanted = '($1::uuid is null or id > $1::uuid) and ($2::timestamptz is null or changed_at >= $2::timestamptz)';
  return {
    now: statement<{ now: string }>(named('now'), 'select now()::text as now'),
    since: statement<{ since: string | null }, [string | null]>(
      named('since'),
      `select ($1::timestamptz - ${overlap})::text as since`,
    ),
    count: statement<{ rows: number }, [string | null, string | null]>(
      named('count'),
      `select count(*)::int as rows from (${mapping.source.rows}) as source where ${wanted}`,
    ),
    // Read as text, so that microseconds and numbers arrive unchanged.
    chunk: statement<{ id: string; row: string }, [string | null, string | null, number]>(
      named('chunk'),
      `select id::text, row::text from (${mapping.source.rows}) as source where ${wanted} order by id limit $3`,
    ),
    apply: statement<Applied, [string, boolean]>(named('apply'), mapping.target.apply),
    readProgress: statement<Progress, [string]>(
      named('read_progress'),
      `select watermark::text, run_started::text, last_key::text from ${progress} where name = $1`,
    ),
    beginRun: statement<Progress, [string, string, boolean]>(
      named('begin_run'),
      `insert into ${progress} as mine (name, run_started) values ($1, $2)
       on conflict (name) do update set
         watermark = case when $3 then null else mine.watermark end,
         run_started = case when $3 then $2 else coalesce(mine.run_started, $2) end,
         last_key = case when $3 or mine.run_started is null then null else mine.last_key end
       returning watermark::text, run_started::text, last_key::text`,
    ),
    advance: statement<object, [string, string]>(
      named('advance'),
      `update ${progress} set last_key = $2 where name = $1 and (last_key is null or last_key < $2::uuid)`,
    ),
    finishRun: statement<object, [string]>(
      named('finish_run'),
      `update ${progress} set watermark = coalesce(run_started, watermark), run_started = null, last_key = null
       where name = $1`,
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
  // The source's clock, because it is compared with times in the source's rows.
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
