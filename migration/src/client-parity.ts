import { type Statement, statement } from '@banyan/kit/postgres';
import { type Described, type Difference, type DifferenceKind, differences } from './differences.ts';
import type { Mapping } from './mappings/mapping.ts';
import type { Sides } from './sides.ts';

export interface ParityReport {
  mapping: string;
  equal: boolean;
  sourceRows: number;
  targetRows: number;
  /** Key ranges whose digests were compared. */
  ranges: number;
  /** Key ranges with different digests, whose records were compared. */
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
 * Compares both sides by digests over 256 ranges of keys (the first byte of the id). Reads the records only of ranges
 * that differ, and of these only keys, versions and digests of fields. No value and no secret leaves the databases.
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
    `select left(id::text, 2) as range, count(*)::int as rows,
            md5(string_agg(md5(fields::text), '' order by id)) as digest
     from (${relation}) as side group by 1`,
  );

const described = (relation: string, side: string): Statement<Described, [string[]]> =>
  statement(
    `migration_described_${side}`,
    `select id::text, (extract(epoch from version) * 1000000)::bigint::text as version,
            (select jsonb_object_agg(key, md5(value::text)) from jsonb_each(fields)) as fields
     from (${relation}) as side where left(id::text, 2) = any($1)`,
  );

const watermarkOf = (mapping: Mapping): Statement<{ watermark: string | null }, [string]> =>
  statement(
    'migration_watermark',
    `select (extract(epoch from watermark) * 1000000)::bigint::text as watermark
     from ${mapping.target.progress} where name = $1`,
  );

function differingRanges(source: readonly Range[], target: readonly Range[]): string[] {
  const there = new Map(target.map((range) => [range.range, range.digest]));
  const here = new Map(source.map((range) => [range.range, range.digest]));
  return [...new Set([...here.keys(), ...there.keys()])].filter((range) => here.get(range) !== there.get(range)).sort();
}

function sum(ranges: readonly Range[]): number {
  return ranges.reduce((total, { rows }) => total + rows, 0);
}
