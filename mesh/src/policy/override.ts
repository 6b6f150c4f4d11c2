/** Services in whose place others are asked, by name. */
export type Overrides = ReadonlyMap<string, string>;

const entriesMax = 16;
const entry = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\s*=\s*([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/;

/**
 * Reads `service=other-service, …`: wherever a request on behalf of this one would go to `service`, it goes to
 * `other-service`. Not followed further: `a=b, b=a` swaps the two. Of two entries for one service the last counts, as in
 * a dtab.
 *
 * @param values of all fields of that name, one list together
 * @returns null where it cannot be understood: half of a wish must not be granted
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
