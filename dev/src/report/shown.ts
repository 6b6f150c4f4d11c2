import { relative } from 'node:path';

/** A path in its shortest form for this terminal. */
export function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
}
