/** The replacements of services, by name. */
export type Overrides = ReadonlyMap<string, string>;

const entriesMax = 16;
const entry = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\s*=\s*([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/;

/**
 * Reads `service=other-service, …`: a request on behalf of this one that would go to `service` goes to `other-service`.
 * Entries are not chained: `a=b, b=a` swaps the two. Of two entries for one service the last counts, as in a dtab.
 *
 * @param values of all fields of that name, as one list
 * @returns null if any part is malformed: an override is applied completely or not at all
 */
export function readOverrides(values: readonly string[]): Overrides | null {
  const overrides = new Map<string, string>();
  const entries = values.flatMap((value) => value.split(',').map((item) => item.trim()));
  const given = entries.filter((item) => item !== '');
  if (given.length > entriesMax) return null;
  for (const item of given) {
    const parts = entry.exec(item);
    if (parts === null) return null;
    overrides.set(parts[1] as string, parts[3] as string);
  }
  return overrides;
}
