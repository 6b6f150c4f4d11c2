/** Why one part of the topology is not ready. */
export interface Cause {
  name: string;
  reason: string;
}

export interface Part {
  /** Why it is not ready by itself; null where it is ready, or only waits for what it depends on. */
  reason: string | null;
  /** What it depends on. */
  needs: readonly string[];
}

/**
 * What keeps `name` from being ready: the failures at the end of the chain of dependencies, each once; none where all is ready.
 * What only follows from another failure is left out.
 */
export function causesOf(name: string, parts: ReadonlyMap<string, Part>): Cause[] {
  const known = new Map<string, Cause[]>();
  const look = (one: string): Cause[] => {
    const part = parts.get(one);
    const before = known.get(one);
    if (part === undefined || before !== undefined) return before ?? [];
    // A circle of dependencies ends here.
    known.set(one, []);
    const below = part.needs.flatMap(look);
    const own = part.reason === null ? [] : [{ name: one, reason: part.reason }];
    const causes = below.length > 0 ? eachOnce(below) : own;
    known.set(one, causes);
    return causes;
  };
  return look(name);
}

/** The causes without repetitions, in their order. */
export function eachOnce(causes: readonly Cause[]): Cause[] {
  return [...new Map(causes.map((cause) => [cause.name, cause])).values()];
}
