import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, test } from 'node:test';
import { workspaces as allWorkspaces, isTest, root, sourcesBelow } from './sources.ts';

const workspaces = allWorkspaces();

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = (folder: string) => JSON.parse(read(join(folder, 'package.json'))) as Manifest;

describe('the house', () => {
  test('every workspace says what it is in a README of its own', () => {
    assert.deepEqual(
      workspaces.filter((folder) => !existsSync(join(root, folder, 'README.md'))),
      [],
    );
  });

  test('dependencies are pinned exactly', () => {
    const exact = /^(\d+\.\d+\.\d+(-[\w.]+)?|npm:@?[\w/.-]+@\d+\.\d+\.\d+|\*)$/;
    const loose = ['.', ...workspaces].flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies } = manifest(folder);
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter(([name, range]) => !exact.test(range) || (range === '*' && !name.startsWith('@banyan/')))
        .map(([name, range]) => `${folder}: ${name}@${range}`);
    });
    assert.deepEqual(loose, []);
  });

  test('the lockfile names no registry host', () => {
    assert.doesNotMatch(read('package-lock.json'), /"resolved":\s*"https?:/);
  });

  test('the continuous integration script runs the test command of the README', () => {
    assert.match(read('.ci/run'), /npm ci/);
    assert.match(read('.ci/run'), /npm test/);
    assert.match(read('README.md'), /npm ci && npm test/);
    assert.match(read('README.md'), /npm ci && npm start/);
  });
});

describe('names and comments', () => {
  const linesWith = (pattern: RegExp, folders: readonly string[]) =>
    folders
      .flatMap(sourcesBelow)
      .flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([line]) => `${path}: ${line.trim()}`));

  test('constants are in camelCase', () => {
    // A schema has the name of its type, and formulas keep their one-letter names.
    assert.deepEqual(linesWith(/^\s*(?:export )?const [A-Z][A-Z0-9_]+(?: =|:).*/gm, workspaces), []);
  });

  test('the monolith names the code of an error in backticks, and its condition', () => {
    assert.deepEqual(linesWith(/@throws ShopError (?!`[a-z_]+` when |with ).*/g, ['monolith']), []);
  });
});

describe('tests', () => {
  const tests = [...workspaces].flatMap(sourcesBelow).filter(({ path }) => isTest(path));

  test('none is skipped, left for later, or run alone', () => {
    const marks = /\b(test|it|describe|suite)\s*\.\s*(skip|todo|only)\b|\{\s*(skip|todo|only)\s*:\s*true/;
    assert.deepEqual(
      tests
        .filter(({ path, text }) => path !== 'test/architecture/house.test.ts' && marks.test(text))
        .map((t) => t.path),
      [],
    );
  });

  test('none sleeps for a fixed time', () => {
    // A pause between two looks at a stated condition lives in one helper per workspace, called `until`.
    const sleeps = /from\s+['"](node:)?timers\/promises['"]|await\s+(sleep|delay|wait)\s*\(\s*\d/;
    assert.deepEqual(
      tests
        .filter(({ path, text }) => path !== 'test/architecture/no-artificial-delay.test.ts' && sleeps.test(text))
        .map((t) => t.path),
      [],
    );
  });

  test('every test file is run by npm test, and what is quick by npm run check', () => {
    const missed = workspaces.flatMap((folder) => {
      const { scripts } = JSON.parse(read(join(folder, 'package.json'))) as { scripts: Record<string, string> };
      const globsOf = (script = '') => [...script.matchAll(/'([^']+)'/g)].map(([, glob]) => glob ?? '');
      const quick = globsOf(scripts.quick);
      const all = [...globsOf(scripts.test), ...(/npm run --silent quick/.test(scripts.test ?? '') ? quick : [])];
      // `npm run test:compose` runs these: they need a Docker engine.
      const ours = tests.filter(({ path }) => path.startsWith(`${folder}/`) && !path.startsWith('test/compose/'));
      return ours
        .map(({ path }) => path.slice(folder.length + 1))
        .filter((path) => {
          const isQuick = /\.test\.ts$/.test(path) && (folder !== 'test' || path.startsWith('architecture/'));
          return (
            !all.some((glob) => matchesGlob(path, glob)) || (isQuick && !quick.some((glob) => matchesGlob(path, glob)))
          );
        })
        .map((path) => `${folder}/${path}`);
    });
    assert.deepEqual(missed, []);
  });

  test('every workspace with sources has tests', () => {
    const tested = new Set(
      tests.map(({ path }) =>
        path
          .split('/')
          .slice(0, path.startsWith('services/') ? 2 : 1)
          .join('/'),
      ),
    );
    assert.deepEqual(
      workspaces.filter((folder) => !tested.has(folder)),
      [],
    );
  });
});
