/** One record as a side describes it: digests of its fields, never the fields. */
export interface Described {
  id: string;
  /** Microseconds since the epoch, as text: it does not fit a number for ever. */
  version: string;
  /** Field name to digest. */
  fields: Readonly<Record<string, string>>;
}

/**
 * `lagging`: the source has something newer. The others are divergence: `missing` and `diverged` although no date at the
 * source is newer, `extra` with no record at the source. The next backfill brings all but `extra`, which it deletes
 * only when it is told to (`--prune`).
 */
export type DifferenceKind = 'lagging' | 'missing' | 'extra' | 'diverged';

export interface Difference {
  id: string;
  kind: DifferenceKind;
  /** Names of the fields that differ; empty where a side has no record. */
  fields: string[];
}

/**
 * Compares what both sides say of the same keys.
 *
 * @param watermark microseconds since the epoch; what the source changed since has not been read by a finished backfill.
 * Null: no backfill has finished yet.
 */
export function differences(
  source: readonly Described[],
  target: readonly Described[],
  watermark: string | null,
): Difference[] {
  const there = new Map(target.map((record) => [record.id, record]));
  const found: Difference[] = [];
  for (const record of source) {
    const other = there.get(record.id);
    there.delete(record.id);
    if (!other) {
      const unread = watermark === null || BigInt(record.version) >= BigInt(watermark);
      found.push({ id: record.id, kind: unread ? 'lagging' : 'missing', fields: [] });
      continue;
    }
    const fields = differingFields(record.fields, other.fields);
    if (fields.length === 0) continue;
    const newer = BigInt(record.version) > BigInt(other.version);
    found.push({ id: record.id, kind: newer ? 'lagging' : 'diverged', fields });
  }
  for (const id of there.keys()) found.push({ id, kind: 'extra', fields: [] });
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function differingFields(a: Described['fields'], b: Described['fields']): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name] !== b[name]).sort();
}
