import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout: every path below is relative to it, with forward slashes. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** One TypeScript file of ours. */
export interface Source {
  path: string;
  text: string;
}

const skipped = new Set(['node_modules', '.banyan', '.git', '.turbo']);

/** Every TypeScript file below `folder`, tests included. */
export function sourcesBelow(folder: string): Source[] {
  const found: Source[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...sourcesBelow(path));
    else if (entry.name.endsWith('.ts')) found.push({ path, text: readFileSync(join(root, path), 'utf8') });
  }
  return found;
}

/** The module names that a file imports, static and dynamic, as written. */
export function importsOf(source: Source): string[] {
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"\n]+)\1/g;
  return [...source.text.matchAll(pattern)].map((match) => match[2] as string);
}

/**
 * Where an import leads inside the checkout, as a path from the root: relative imports are followed,
 * workspace names are mapped to their folder; `null` for packages from the registry and for Node itself.
 */
export function targetOf(source: Source, specifier: string): string | null {
  if (specifier.startsWith('.')) {
    return relative(root, resolve(root, dirname(source.path), specifier))
      .split(sep)
      .join('/');
  }
  if (!specifier.startsWith('@banyan/')) return null;
  const [, name = '', ...rest] = specifier.split('/');
  const folder = topFolders.has(name) ? name : `services/${name}`;
  return `${folder}/src/${rest.join('/')}${rest.length > 0 ? '.ts' : ''}`;
}

/** The folders of all workspaces. */
export function workspaces(): string[] {
  const services = readdirSync(join(root, 'services'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...topFolders, ...services.map(({ name }) => `services/${name}`)];
}

export const isTest = (path: string): boolean => /\.[il]?test\.ts$/.test(path);

const topFolders = new Set(['monolith', 'kit', 'mesh', 'migration', 'loadtest', 'dev', 'test']);

/** The workspace a path lies in: `kit`, `mesh`, `services/auth` … */
export function workspaceOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'services' ? `services/${second}` : first;
}
