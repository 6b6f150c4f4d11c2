import { readdir, stat } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';

/** What one entry of a list of documents stands for now. */
export interface FoundPaths {
  /** Files to read, in order. */
  files: string[];
  /** Folders that exist and in which a change may change `files` or their content. */
  watched: string[];
}

/**
 * The files that `entry` stands for: a file, a folder (its `.yaml`, `.yml` and `.json` files, not those of subfolders,
 * nor hidden ones), or a pattern of such paths. `*` stands for any characters of one name, except a dot at its
 * beginning, and `?` for one character. A path that exists is taken as it is.
 *
 * @throws the system's error where a path without `*` and `?` does not exist or cannot be read
 */
export async function findPaths(entry: string): Promise<FoundPaths> {
  if (!isPattern(entry) || (await exists(entry))) return filesAt(entry);
  const { root } = parse(entry);
  let places = [root === '' ? '.' : root];
  const watched: string[] = [];
  let passed = false;
  for (const name of entry.slice(root.length).split('/').filter(Boolean)) {
    const next: string[] = [];
    for (const place of places) {
      if (!(await isFolder(place))) continue;
      const names = await namesIn(place, name);
      passed ||= isPattern(name);
      // Folders above the first pattern matter only where they end the way.
      if (passed || names.length === 0) watched.push(place);
      for (const found of names) next.push(place === '.' ? found : join(place, found));
    }
    places = next;
  }
  const found = await Promise.all(places.map(filesAt));
  return {
    files: found.flatMap(({ files }) => files),
    watched: [...watched, ...found.flatMap((each) => each.watched)],
  };
}

async function filesAt(path: string): Promise<FoundPaths> {
  // A file is replaced more often than written: only its folder sees that.
  if (!(await stat(path)).isDirectory()) return { files: [path], watched: [dirname(path)] };
  const names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.')).sort();
  return { files: names.map((name) => join(path, name)), watched: [path] };
}

/** The names in `folder` that fit one name of a pattern; none where there is no such folder. */
async function namesIn(folder: string, pattern: string): Promise<string[]> {
  if (!isPattern(pattern)) return (await exists(join(folder, pattern))) ? [pattern] : [];
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const fits = new RegExp(`^${source}$`, 's');
  try {
    const names = await readdir(folder);
    return names.filter((name) => fits.test(name) && (pattern.startsWith('.') || !name.startsWith('.'))).sort();
  } catch {
    return [];
  }
}

const isPattern = (path: string): boolean => /[*?]/.test(path);

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * Every folder that a change of the documents in `entries` can show in. For an entry that leads nowhere now, the
 * nearest folder above it that exists.
 */
export async function watchedFolders(entries: readonly string[]): Promise<string[]> {
  const folders = new Set<string>();
  for (const entry of entries) {
    try {
      for (const folder of (await findPaths(entry)).watched) folders.add(resolve(folder));
    } catch {
      let above = dirname(resolve(entry));
      while (!(await exists(above)) && above !== dirname(above)) above = dirname(above);
      folders.add(above);
    }
  }
  return [...folders];
}
