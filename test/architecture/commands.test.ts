import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root, sourcesBelow } from './sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const scriptsOf = (folder: string) =>
  Object.keys((JSON.parse(read(join(folder, 'package.json'))) as { scripts?: object }).scripts ?? {});

/** A command of a document, and where `npm` or `node` would run it. */
interface Command {
  where: string;
  text: string;
}

const start = /^(?:[A-Z_]+=\S+ )*(?:npm|npx|node)\s/;

/** The commands of a document: lines of its fenced blocks without a language, and code spans in its text. */
function commandsOf(where: string, page: string): Command[] {
  const found: string[] = [];
  let language: string | null = null;
  for (const line of page.split('\n')) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence !== null) language = language === null ? (fence[1] ?? '') : null;
    else if (language === null) found.push(...[...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''));
    else if (['', 'sh', 'bash'].includes(language)) found.push(...line.split('&&'));
  }
  return found.map((text) => ({ where, text: text.trim() })).filter(({ text }) => start.test(text));
}

/** The commands that the usage texts of our programs name. */
function usagesOf({ path, text }: { path: string; text: string }): Command[] {
  const lines = [...text.matchAll(/(?:usage:\s+|^\s+)((?:npm run|node) [\w./-]+[^\n]*)/gm)];
  return lines.map(([, command]) => ({ where: path, text: command ?? '' }));
}

/** Why a command does not run with the oldest Node.js that the README supports; null where it does. */
export function faultOf({ where, text }: Command): string | null {
  const fault = (why: string) => `${where}: ${text}: ${why}`;
  const words = text.replace(/^(?:[A-Z_]+=\S+ )*/, '').split(/\s+/);
  const [tool, first = '', second = ''] = words;
  if (tool === 'node' && first.endsWith('.ts'))
    return fault('an old Node.js cannot run TypeScript: name a script of npm');
  if (tool === 'node' && first.endsWith('.mjs'))
    return existsSync(join(root, first)) || existsSync(join(root, 'mesh', first))
      ? null
      : fault('there is no such file');
  if (tool !== 'npm') return null;
  const script = first === 'run' ? second : ['start', 'test'].includes(first) ? first : null;
  if (script === null || script === '') return null;
  const at = words.indexOf('-w');
  const dashes = words.indexOf('--');
  const workspace = at > 0 && (dashes < 0 || at < dashes) ? words[at + 1]?.replace('@banyan/', '') : undefined;
  const folder =
    workspace === undefined ? '.' : existsSync(join(root, workspace)) ? workspace : `services/${workspace}`;
  return scriptsOf(folder).includes(script) ? null : fault(`${folder}/package.json has no script ${script}`);
}

describe('the commands of the documents', () => {
  const documents = globSync('**/*.md', {
    cwd: root,
    exclude: (name) => /node_modules|^\.|^report$/.test(String(name)),
  });
  const commands = documents.flatMap((path) => commandsOf(path, read(path)));
  const folders = ['monolith', 'kit', 'mesh', 'migration', 'loadtest', 'dev', 'services'];
  const usages = folders.flatMap(sourcesBelow).filter(({ path }) => !/test\.ts$/.test(path));

  test('run with the oldest Node.js that the README supports', () => {
    assert.ok(commands.length > 80, `${commands.length} commands`);
    assert.deepEqual(
      [...commands, ...usages.flatMap(usagesOf)].map(faultOf).filter((fault) => fault !== null),
      [],
    );
  });

  test('a command that would not run is found', () => {
    const page =
      '```\nnode monolith/src/main.ts --debts\nnpm ci && npm run fly -- 1\nnpm run quick -w @banyan/nowhere\n```\n`node gone.mjs`';
    const bad = commandsOf('page', `${page}\n\`\`\`\nX=1 npm start\nnpm run quick -w @banyan/auth\n\`\`\``);
    assert.deepEqual(
      bad.map((one) => {
        try {
          return faultOf(one) !== null;
        } catch {
          return true;
        }
      }),
      [true, false, true, true, true, false, false],
    );
  });
});
