import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The environment in which programs of unpacked packages find their libraries; `root` stands in for `/`. */
export function libraryEnvironment(root: string): Record<string, string> {
  return { LD_LIBRARY_PATH: globSync(join(root, '{usr/,}lib/*-linux-gnu*')).join(delimiter) };
}
