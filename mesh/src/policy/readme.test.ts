import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { defaults } from '../config/defaults.ts';

const folder = new URL('.', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

/** The rows of the table whose head begins with `head`: name and value. */
function table(head: string): Map<string, string> {
  const [, ...lines] = readme.slice(readme.indexOf(`| ${head} |`)).split('\n');
  const rows = new Map<string, string>();
  for (const line of lines) {
    if (!line.startsWith('|')) break;
    const [, name, value] = /^\| `(\w+)` \| ([^|]+) \|/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) rows.set(name, value.trim());
  }
  return rows;
}

const written = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value));

describe('the README of the policies', () => {
  test('has the defaults of the document language', () => {
    const rows = table('default');
    assert.ok(rows.size > 30);
    for (const [name, value] of rows) {
      assert.ok(name in defaults, `${name} is no default`);
      assert.equal(value, written(defaults[name as keyof typeof defaults]), name);
    }
  });

  test('has every constant that a policy exports', async () => {
    const rows = table('constant');
    const found = new Map<string, string>();
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.ts') || /\.l?test\.ts$/.test(file) || file === 'testing.ts') continue;
      const exported = (await import(new URL(file, folder).href)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(exported)) {
        if (typeof value === 'number' || typeof value === 'string') found.set(name, written(value));
      }
    }
    assert.deepEqual(new Map([...rows].sort()), new Map([...found].sort()));
  });

  test('names only files that exist', () => {
    const named = [...readme.matchAll(/`([\w-]+\.ts)`/g)].map((match) => match[1] as string);
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((file) => !existsSync(new URL(file, folder))),
      [],
    );
  });
});

test('no policy reads the time or a random number, starts a timer, or does I/O', () => {
  const forbidden =
    /\bDate\.now\b|\bMath\.random\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\b|from 'undici'|from 'node:(fs|https?|http2|dns|timers|child_process|worker_threads|perf_hooks)\b|\bprocess\./;
  const guilty = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !/\.l?test\.ts$/.test(file))
    .filter((file) => forbidden.test(readFileSync(new URL(file, folder), 'utf8')));
  assert.deepEqual(guilty, []);
});
