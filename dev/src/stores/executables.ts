import { existsSync, globSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The machine's executables of these names: on PATH first, then in the usual places (globs of folders). A path is as
 * found, since a program may look at the name that it is called by; of several that lead to one file, the first.
 */
export function executables(
  path: string | undefined,
  names: readonly string[],
  usualPlaces: readonly string[],
): string[] {
  const folders = [
    ...(path ?? '').split(delimiter).filter(Boolean),
    ...usualPlaces.flatMap((place) => globSync(place)),
  ];
  const found = new Map<string, string>();
  for (const file of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    if (!existsSync(file)) continue;
    const real = realpathSync(file);
    if (!found.has(real)) found.set(real, file);
  }
  return [...found.values()];
}
