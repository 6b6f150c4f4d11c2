import { dirname, posix } from 'node:path';
import type { Source } from '../sources.ts';

/** One declaration at the top level of a file. */
export interface Declaration {
  /** `orders/store.ts itemsOfOrder`. */
  key: string;
  path: string;
  text: string;
  /** Keys of the declarations that it names. */
  names: readonly string[];
}

const opening = /^(?:export )?(?:default )?(?:async )?(?:function|class|const|let)\s+(\w+)/;
const importLine = /^import\s+(?!type\b)\{([^}]*)\}\s+from\s+'(\.[^']+)';/gm;

/**
 * The declarations of files, and which of them name which. A declaration that is named counts as used: the graph never has
 * too few edges, except for functions that are handed over at run time.
 *
 * @param sources with paths relative to one folder
 */
export function declarationsOf(sources: readonly Source[]): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const source of sources) {
    const blocks = blocksOf(source.text);
    const imported = importsOf(source);
    const known = new Map([
      ...[...blocks.keys()].map((name) => [name, `${source.path} ${name}`] as const),
      ...imported,
    ]);
    for (const [name, text] of blocks) {
      const words = new Set(text.match(/\b[A-Za-z_]\w*\b/g));
      words.delete(name);
      const key = `${source.path} ${name}`;
      found.set(key, { key, path: source.path, text, names: [...words].flatMap((word) => known.get(word) ?? []) });
    }
  }
  return found;
}

/** The text of each declaration, by name; formatted code begins each at the start of a line. */
function blocksOf(text: string): Map<string, string> {
  const blocks = new Map<string, string>();
  let name = '';
  for (const line of withoutComments(text).split('\n')) {
    const opened = opening.exec(line)?.[1];
    if (opened !== undefined) name = opened;
    else if (/^(?:export\s+)?(?:interface|type)\b|^import\b/.test(line)) name = '';
    if (name !== '') blocks.set(name, `${blocks.get(name) ?? ''}${line}\n`);
  }
  return blocks;
}

const withoutComments = (text: string) => text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');

function importsOf({ path, text }: Source): [name: string, key: string][] {
  return [...text.matchAll(importLine)].flatMap(([, names = '', from = '']) => {
    const target = posix.normalize(posix.join(dirname(path), from));
    return names.split(',').flatMap((each): [string, string][] => {
      const [exported = '', local = exported] = each.trim().split(/\s+as\s+/);
      return exported === '' || exported.startsWith('type ') ? [] : [[local, `${target} ${exported}`]];
    });
  });
}
