import { relative } from 'node:path';

/** A path as a person at this terminal would write it. */
export function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
}
