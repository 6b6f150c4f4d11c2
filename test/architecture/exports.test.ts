import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { importsOf, root, type Source, sourcesBelow, targetOf, workspaceOf } from './sources.ts';

type Exports = Readonly<Record<string, string>>;

function exportsOf(folder: string): Exports {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { exports?: Exports };
  return manifest.exports ?? {};
}

/** Imports of another workspace by path, or by a name that its `exports` do not list. */
function pastExports(sources: Source[], read: (folder: string) => Exports): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((specifier) => {
        const target = targetOf(source, specifier);
        if (target === null || target.startsWith('..') || workspaceOf(target) === workspaceOf(source.path))
          return false;
        if (specifier.startsWith('.')) return true;
        const name = `./${specifier.split('/').slice(2).join('/')}`;
        return read(workspaceOf(target))[name === './' ? '.' : name] === undefined;
      })
      .map((specifier) => `${source.path} imports ${specifier}`),
  );
}

describe('the exports of the workspaces', () => {
  test('every import of another workspace is by a name that it exports', () => {
    const folders = ['monolith', 'kit', 'mesh', 'migration', 'loadtest', 'dev', 'services', 'test'];
    // Holds breaches in texts.
    const sources = folders.flatMap(sourcesBelow).filter(({ path }) => !path.startsWith('test/architecture/'));
    assert.deepEqual(pastExports(sources, exportsOf), []);
  });

  test('an import past the exports is found', () => {
    const text = [
      "import '@banyan/kit/http';",
      "import '@banyan/kit/src/http/server.ts';",
      "import '../../../kit/src/http/server.ts';",
      "import './domain.ts';",
      "import '@banyan/dev';",
    ].join('\n');
    assert.deepEqual(
      pastExports([{ path: 'services/auth/src/a.ts', text }], (folder) =>
        folder === 'kit' ? { './http': './src/http/server.ts' } : { '.': './src/index.ts' },
      ),
      [
        'services/auth/src/a.ts imports @banyan/kit/src/http/server.ts',
        'services/auth/src/a.ts imports ../../../kit/src/http/server.ts',
      ],
    );
  });
});
