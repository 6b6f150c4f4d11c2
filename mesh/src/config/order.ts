/** Sorts texts by code unit, so that the order does not depend on the locale. */
export function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

export const byName = (a: { name: string }, b: { name: string }): number => byText(a.name, b.name);
