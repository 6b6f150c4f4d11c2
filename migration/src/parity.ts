import { type Statement, statement } from '@banyan/kit/postgres';
import { type Described, type Difference, type DifferenceKind, differences } from './differences.ts';
import type { Mapping } from './mappings/mapping.ts';
import type { Sides } from './sides.ts';

export interface ParityReport {
  mapping: string;
  equal: boolean;
  sourceRows: number;
  targetRows: number;
  /** Key ranges whose digests were compared, and those that had to be looked into. */
  ranges: number;
  differingRanges: number;
  counts: Record<DifferenceKind, number>;
  differences: Difference[];
}

interface Range {
  range: string;
  rows: number;
  digest: string;
}

/**
 * Compares both sides by digests over ranges of keys (the first byte of the id: 256 ranges). Only ranges that differ are
 * looked into, and of these only keys, versions and digests of fields leave the databases: no value, no secret.
 */
export async function parity(mapping: Mapping, sides: Sides): Promise<ParityReport> {
  const both = async <Row extends object, Values extends readonly unknown[]>(
    make: (relation: string, side: string) => Statement<Row, Values>,
    values: Values,
  ) =>
    Promise.all([
      sides.on('source', (db) => db.query(make(mapping.source.comparable, 'source'), values)),
      sides.on('target', (db) => db.query(make(mapping.target.comparable, 'target'), values)),
    ]);

  const [sourceRanges, targetRanges] = await both(rangeDigests, []);
  const differing = differingRanges(sourceRanges, targetRanges);
  const [source, target] = differing.length > 0 ? await both(described, [differing]) : [[], []];
  const [progress] = await sides.on('target', (db) => db.query(watermarkOf(mapping), [mapping.name]));
  const found = differences(source, target, progress?.watermark ?? null);
  const count = (kind: DifferenceKind) => found.filter((one) => one.kind === kind).length;
  return {
    mapping: mapping.name,
    equal: found.length === 0,
    sourceRows: sum(sourceRanges),
    targetRows: sum(targetRanges),
    ranges: new Set([...sourceRanges, ...targetRanges].map(({ range }) => range)).size,
    differingRanges: differing.length,
    counts: {
      lagging: count('lagging'),
      missing: count('missing'),
      extra: count('extra'),
      diverged: count('diverged'),
    },
    differences: found,
  };
}

const rangeDigests = (relation: string, side: string): Statement<Range, []> =>
  statement(
    `migration_ranges_${side}`,
    `SELECT left(id::text, 2) AS range, count(*)::int AS rows,
            md5(string_agg(md5(fields::text), '' ORDER BY id)) AS digest
     FROM (${relation}) AS side GROUP BY 1`,
  );

const described = (relation: string, side: string): Statement<Described, [string[]]> =>
  statement(
    `migration_described_${side}`,
    `SELECT id::text, (extract(epoch FROM version) * 1000000)::bigint::text AS version,
            (SELECT jsonb_object_agg(key, md5(value::text)) FROM jsonb_each(fields)) AS fields
     FROM (${relation}) AS side WHERE left(id::text, 2) = ANY($1)`,
  );

const watermarkOf = (mapping: Mapping): Statement<{ watermark: string | null }, [string]> =>
  statement(
    'migration_watermark',
    `SELECT (extract(epoch FROM watermark) * 1000000)::bigint::text AS watermark
     FROM ${mapping.target.progress} WHERE name = $1`,
  );

function differingRanges(source: readonly Range[], target: readonly Range[]): string[] {
  const there = new Map(target.map((range) => [range.range, range.digest]));
  const here = new Map(source.map((range) => [range.range, range.digest]));
  return [...new Set([...here.keys(), ...there.keys()])].filter((range) => here.get(range) !== there.get(range)).sort();
}

function sum(ranges: readonly Range[]): number {
  return ranges.reduce((total, { rows }) => total + rows, 0);
}
