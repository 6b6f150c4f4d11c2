import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { importsOf, isTest, type Source, sourcesBelow, targetOf, workspaceOf, workspaces } from './sources.ts';

/** Tests, and the helpers of tests, may import any part of their workspace. */
const isProduction = ({ path }: Source) => !isTest(path) && !/\/testing[/.]/.test(path);

type Imports = Map<string, Set<string>>;

/**
 * The imports inside a workspace, type imports included, between the nodes that `nodeOf` gives; imports of a node from
 * itself, and from or to files without a node, are left out.
 */
function importsBetween(sources: readonly Source[], nodeOf: (path: string) => string | null): Imports {
  const imports: Imports = new Map();
  for (const source of sources) {
    const from = nodeOf(source.path);
    if (from === null) continue;
    for (const specifier of importsOf(source)) {
      const target = targetOf(source, specifier);
      if (target === null || workspaceOf(target) !== workspaceOf(source.path)) continue;
      const to = nodeOf(target);
      if (to === null || to === from) continue;
      imports.set(from, (imports.get(from) ?? new Set()).add(to));
    }
  }
  return imports;
}

/** Groups of nodes that reach each other, each sorted and joined by commas. */
function circlesIn(imports: Imports): string[] {
  const reach = (start: string): Set<string> => {
    const reached = new Set<string>();
    const open = [start];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const next of imports.get(node) ?? []) {
        if (!reached.has(next)) open.push(next);
        reached.add(next);
      }
    }
    return reached;
  };
  const reached = new Map([...imports.keys()].map((node) => [node, reach(node)]));
  const circles = [...reached]
    .filter(([node, nodes]) => nodes.has(node))
    .map(([node, nodes]) =>
      [...nodes]
        .filter((other) => reached.get(other)?.has(node))
        .sort()
        .join(', '),
    );
  return [...new Set(circles)].sort();
}

/**
 * The folder directly below `src` that a file is in. Files directly in `src` are in no folder: they put the rest
 * together.
 */
const folderOf = (path: string) => /^(?:services\/)?[^/]+\/src\/[^/]+(?=\/)/.exec(path)?.[0] ?? null;

const found = (nodeOf: (path: string) => string | null) =>
  workspaces().flatMap((workspace) => circlesIn(importsBetween(sourcesBelow(workspace).filter(isProduction), nodeOf)));

describe('imports inside a workspace', () => {
  test('make no circle between folders', () => {
    assert.deepEqual(found(folderOf), []);
  });

  test('make no circle between files', () => {
    assert.deepEqual(
      found((path) => path),
      [],
    );
  });

  test('a circle of three folders is found, through a type import', () => {
    const sources = [
      { path: 'mesh/src/a/one.ts', text: "import { x } from '../b/two.ts';" },
      { path: 'mesh/src/b/two.ts', text: "import type { Y } from '../c/three.ts';" },
      { path: 'mesh/src/c/three.ts', text: "const { z } = await import('../a/other.ts');" },
      { path: 'mesh/src/d/four.ts', text: "import { x } from '../a/one.ts';" },
    ];
    assert.deepEqual(circlesIn(importsBetween(sources, folderOf)), ['mesh/src/a, mesh/src/b, mesh/src/c']);
    assert.deepEqual(circlesIn(importsBetween(sources, (path) => path)), []);
  });
});
