import { existsSync, globSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Real paths of the machine's executables of these names: on PATH first, then in the usual places (globs of folders). */
export function executables(
  path: string | undefined,
  names: readonly string[],
  usualPlaces: readonly string[],
): string[] {
  const folders = [
    ...(path ?? '').split(delimiter).filter(Boolean),
    ...usualPlaces.flatMap((place) => globSync(place)),
  ];
  const files = folders.flatMap((folder) => names.map((name) => join(folder, name))).filter((file) => existsSync(file));
  return [...new Set(files.map((file) => realpathSync(file)))];
}
