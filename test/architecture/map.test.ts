import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isTest, root, sourcesBelow, workspaces } from './sources.ts';

const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** The folders that the table of a section has rows for. */
function rowsOf(title: string): string[] {
  const [, ...sections] = page.split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^\| `([\w-]+)\/` \|/gm)].map(([, folder]) => folder ?? '').sort();
}

const foldersIn = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

describe('ARCHITECTURE.md', () => {
  test('names only files and folders that exist', () => {
    const paths = [...page.matchAll(/`([\w.-]+\/[\w./-]*|[\w-]+\.(?:md|ts|yml))`/g)].map(([, path]) => path ?? '');
    const folders = ['', 'test/architecture', 'monolith', 'services/auth/src', 'mesh/src', 'kit/src'];
    assert.ok(paths.length > 20, `${paths.length} paths`);
    assert.deepEqual(
      paths.filter((path) => !folders.some((folder) => existsSync(join(root, folder, path)))),
      [],
    );
  });

  test('has a row for every folder of the map', () => {
    const folders = new Set([...workspaces().map((path) => path.split('/')[0] ?? ''), 'docs']);
    assert.deepEqual(rowsOf('The map'), [...folders].sort());
  });

  test('has a row for every folder of the mesh and of the kit', () => {
    assert.deepEqual(rowsOf('Inside the mesh'), foldersIn('mesh/src'));
    assert.deepEqual(rowsOf('Inside the kit'), foldersIn('kit/src'));
  });

  test('explains each word of the glossary once', () => {
    const words = [...page.slice(page.indexOf('## Glossary')).matchAll(/^\| ([\w ]+) \|/gm)].map(([, word]) => word);
    assert.ok(words.length > 20, `${words.length} words`);
    assert.deepEqual(
      words.filter((word, i) => words.indexOf(word) !== i),
      [],
    );
  });
});

describe('the README of a workspace', () => {
  test('names only source files and folders that exist', () => {
    const missing = workspaces().flatMap((folder) => {
      const text = readFileSync(join(root, folder, 'README.md'), 'utf8');
      const paths = [...text.matchAll(/`(src\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
      return paths.filter((path) => !existsSync(join(root, folder, path))).map((path) => `${folder}: ${path}`);
    });
    assert.deepEqual(missing, []);
  });
});

describe('mesh/src/layers', () => {
  test('each file holds a layer', () => {
    const files = sourcesBelow('mesh/src/layers').filter(({ path }) => !isTest(path));
    assert.ok(files.length > 20, `${files.length} files`);
    assert.deepEqual(
      files.filter(({ text }) => !/^export function \w+\([^)]*\): Layer \{$/m.test(text)).map(({ path }) => path),
      [],
    );
  });
});
