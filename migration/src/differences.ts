/** A record of one side, with digests in place of its fields. */
export interface Described {
  id: string;
  /** Microseconds since the epoch, as text because they may exceed the integers that a number represents exactly. */
  version: string;
  /** Digests by field name. */
  fields: Readonly<Record<string, string>>;
}

/**
 * `lagging`: the source is newer. `missing`: only the source has the record, and a finished backfill should have copied
 * it. `diverged`: the record differs although the source is not newer. `extra`: only the target has the record. The
 * next backfill resolves all but `extra`, which only `--prune` deletes.
 */
export type DifferenceKind = 'lagging' | 'missing' | 'extra' | 'diverged';

export interface Difference {
  id: string;
  kind: DifferenceKind;
  /** Names of the fields that differ; empty where a side has no record. */
  fields: string[];
}

/**
 * Compares the records of both sides by key.
 *
 * @param watermark microseconds since the epoch; no finished backfill has read later changes. Null: no backfill has
 * finished yet
 */
export function differences(
  source: readonly Described[],
  target: readonly Described[],
  watermark: string | null,
): Difference[] {
  const targetById = new Map(target.map((record) => [record.id, record]));
  const found: Difference[] = [];
  for (const record of source) {
    const other = targetById.get(record.id);
    targetById.delete(record.id);
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
  for (const id of targetById.keys()) found.push({ id, kind: 'extra', fields: [] });
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function differingFields(a: Described['fields'], b: Described['fields']): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name] !== b[name]).sort();
}
