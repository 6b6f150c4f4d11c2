import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { importsOf, type Source, sourcesBelow, targetOf, workspaceOf } from './sources.ts';

/** Which workspaces a workspace may reach into, besides itself. */
function mayImport(from: string, targetPath: string): boolean {
  const to = workspaceOf(targetPath);
  if (from === to || from === 'dev' || from === 'test') return true;
  if (from === 'migration') return to === 'kit';
  if (from.startsWith('services/')) {
    return to === 'kit' || (to.startsWith('services/') && /^services\/[^/]+\/src\/contract\.ts$/.test(targetPath));
  }
  return false; // monolith, kit, mesh and loadtest stand on nothing of ours
}

function breaches(sources: Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .map((specifier) => targetOf(source, specifier))
      .filter((target) => target !== null && !mayImport(workspaceOf(source.path), target))
      .map((target) => `${source.path} imports ${target}`),
  );
}

describe('walls between the workspaces', () => {
  for (const folder of ['monolith', 'kit', 'mesh', 'migration', 'loadtest', 'dev', 'services']) {
    test(`${folder} imports only what it may`, () => {
      const sources = sourcesBelow(folder);
      assert.ok(sources.length > 0, `${folder} has no sources: the wall would hold nothing up`);
      assert.deepEqual(breaches(sources), []);
    });
  }

  test('a breach is seen, by relative path and by package name', () => {
    assert.deepEqual(
      breaches([
        { path: 'mesh/src/a.ts', text: "import { x } from '../../kit/src/http.ts';" },
        { path: 'monolith/src/b.ts', text: "const x = await import('@banyan/kit/http');" },
        { path: 'services/auth/src/c.ts', text: "import type { X } from '@banyan/orders/store';" },
        { path: 'services/auth/src/d.ts', text: "import type { X } from '@banyan/orders/contract';" },
        { path: 'migration/src/e.ts', text: "import { x } from '@banyan/kit/postgres';" },
        { path: 'loadtest/src/f.ts', text: "import '../../dev/src/main.ts';" },
      ]),
      [
        'mesh/src/a.ts imports kit/src/http.ts',
        'monolith/src/b.ts imports kit/src/http.ts',
        'services/auth/src/c.ts imports services/orders/src/store.ts',
        'loadtest/src/f.ts imports dev/src/main.ts',
      ],
    );
  });
});
