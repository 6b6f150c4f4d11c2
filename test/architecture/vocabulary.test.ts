import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root, workspaceOf } from './sources.ts';

/** Folders and files without retired words. Extend the list when another folder is clean. */
const clean = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docker-compose.yml',
  'docs',
  'dev',
  'test',
  'kit',
  'loadtest',
  'mesh',
  'migration',
  'monolith',
  'services',
];

interface Retired {
  pattern: RegExp;
  instead: string;
  /** Only in comments and documents: the word is a keyword or a name in code. */
  proseOnly?: boolean;
  /** Not in files with these paths. */
  except?: RegExp;
  /** Only in these workspaces. */
  in?: readonly string[];
}

/** The workspaces that hold nothing of the shop. */
const ours = ['kit', 'mesh', 'dev', 'loadtest'];

const retired: readonly Retired[] = [
  {
    pattern: /\b(nobody|somebody|whoever)\b/i,
    instead: 'name the client, the caller or the program',
    // Applied files keep their text: the store remembers the checksum of each.
    except: /^(monolith\/src|services\/[^/]+)\/schema\//,
  },
  { pattern: /\bfor good\b/i, instead: 'permanently' },
  { pattern: /\bwithout a word\b/i, instead: 'by default, or: without a reply' },
  { pattern: /\bother words make\b/i, instead: 'a changed policy' },
  { pattern: /\basked: (at|below|within|less|more|nothing)/i, instead: 'required:' },
  { pattern: /\b(is|are|was|were) no failures?\b/i, instead: 'not a failure, or: not fatal' },
  { pattern: /\bits turn comes\b/i, instead: 'say what happens next' },
  { pattern: /\bmigrations\b/i, instead: 'schema: SQL files are in schema/, and migration is a workspace' },
  {
    pattern: /\bjourney/i,
    instead: 'scenario; a journey is what a shopper or an administrator does from first to last',
    except: /^(test\/e2e|loadtest)\//,
  },
  { pattern: /[,;]\s+else\b/i, instead: 'otherwise', proseOnly: true },
  { pattern: /\banswer/i, instead: 'reply, respond', proseOnly: true, in: ['mesh', 'kit', 'dev'] },
  {
    pattern:
      /(?:normal|serial|summar|initial|recogn|organ|optim|minim|maxim|author|priorit|synchron|categor|util|real|special|standard|random|final|custom|token|sanit|general)is(?:e|ing|ation)/i,
    instead: 'American spelling: -ize',
  },
  { pattern: /(?:behavi|neighb|hon|fav|lab|flav)our/i, instead: 'American spelling: -or' },
  {
    pattern: /\b(?:labell|modell|signall|tunnell|journall)(?:ed|ing)|\b(?:whilst|towards|learnt|spelt)\b/i,
    instead: 'American spelling',
  },
  // Values of the shop's API are spelled so: the color of a product, the state of an order.
  { pattern: /colour|cancell(?:ed|ing)|\bfulfil\b|catalogue|\bgrey\b/i, instead: 'American spelling', in: ours },
  { pattern: /\bfleet\b/i, instead: 'instances: a fleet is the workers of a mesh', in: ['loadtest'] },
];

/** Lines that need a retired word, as `path: text of the line`, each with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'dev/src/stores/unprivileged.ts: /** `nobody` on Debian, Fedora and Alpine alike. */': 'the Unix user',
  'dev/src/stores/unprivileged.ts: const nobody: RunAs = { uid: 65_534, gid: 65_534 };': 'the Unix user',
  'dev/src/stores/unprivileged.ts: return process.getuid?.() === 0 ? nobody : null;': 'the Unix user',
};

interface Text {
  path: string;
  text: string;
}

function filesOf(path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  const options = { cwd: join(root, path), exclude: (name: string) => name === 'node_modules' };
  return globSync('**/*.{ts,mjs,md,yaml,yml,sql}', options).map((file) => `${path}/${file}`);
}

const isDocument = (path: string) => path.endsWith('.md');
/** The prose of a line: a document's text without its code spans, or a comment; empty for code. */
function proseOf(path: string, line: string): string {
  if (isDocument(path)) return line.replace(/`[^`]*`/g, '');
  return /(?:^|\s)(?:\/\/|\/?\*{1,2}|#|--)\s(.*)/.exec(line)?.[1] ?? '';
}

function retiredIn({ path, text }: Text): string[] {
  const words = retired
    .filter((one) => one.in === undefined || one.in.includes(workspaceOf(path)))
    .filter(({ except }) => !except?.test(path));
  return text.split('\n').flatMap((line) => {
    const prose = proseOf(path, line);
    return words
      .filter(({ pattern, proseOnly }) => pattern.test(proseOnly || isDocument(path) ? prose : line))
      .map(({ instead }) => ({ where: `${path}: ${line.trim()}`, instead }))
      .filter(({ where }) => exceptions[where] === undefined)
      .map(({ where, instead }) => `${where} (${instead})`);
  });
}

describe('the vocabulary', () => {
  const texts = clean
    .flatMap(filesOf)
    .filter((path) => path !== 'test/architecture/vocabulary.test.ts')
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

  test('retired words do not come back', () => {
    assert.deepEqual(texts.flatMap(retiredIn), []);
  });

  test('every exception is still needed', () => {
    const lines = new Set(texts.flatMap(({ path, text }) => text.split('\n').map((line) => `${path}: ${line.trim()}`)));
    assert.deepEqual(
      Object.keys(exceptions).filter((where) => !lines.has(where)),
      [],
    );
  });

  test('a retired word is found in a comment, a string and a document, and keywords are not', () => {
    const found = (path: string, text: string) => retiredIn({ path, text }).length;
    assert.equal(found('kit/src/a.ts', '// Nobody waits for it.'), 1);
    assert.equal(found('kit/src/a.ts', "test('somebody went away', () => {});"), 1);
    assert.equal(found('kit/README.md', 'One server, else another one.'), 1);
    assert.equal(found('kit/src/a.ts', '  } else {'), 0);
    assert.equal(found('kit/src/a.ts', 'if (a) b(); else c(); // The rest.'), 0);
    assert.equal(found('mesh/README.md', 'The mesh answers.'), 1);
    assert.equal(found('loadtest/README.md', 'The target answers.'), 0);
    assert.equal(found('kit/src/a.ts', 'const isNormalised = true;'), 1);
    assert.equal(found('kit/src/a.ts', 'const isCancelled = true;'), 1);
    assert.equal(found('services/orders/src/a.ts', "const state = 'cancelled';"), 0);
  });
});
