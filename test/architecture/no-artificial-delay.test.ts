import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Source, sourcesBelow } from './sources.ts';

/**
 * Every way to wait without a cause. The monolith is slow for reasons one can profile and switch off by name;
 * a timer, a busy loop on the clock or a sleeping query would be a lie in the report.
 */
const delays: [string, RegExp][] = [
  ['a timer', /\b(setTimeout|setInterval|setImmediate)\s*\(/],
  ['timers imported', /from\s+['"](node:)?timers(\/promises)?['"]/],
  ['a blocking wait', /\bAtomics\s*\.\s*wait(Async)?\b/],
  ['a sleeping query', /\bpg_sleep(_for|_until)?\b/i],
  ['a loop on the clock', /\b(while|for)\s*\([^)]*\b(Date\.now|performance\.now|hrtime|process\.uptime)\b/],
  ['a child process that could sleep', /from\s+['"](node:)?child_process['"]/],
];

function delaysIn(sources: Source[]): string[] {
  return sources.flatMap((source) =>
    delays.filter(([, pattern]) => pattern.test(source.text)).map(([what]) => `${source.path}: ${what}`),
  );
}

const requestPath = (source: Source) =>
  !source.path.startsWith('monolith/src/jobs/') && !/\.i?test\.ts$/.test(source.path);

test('nothing in the monolith waits without a cause', () => {
  const sources = sourcesBelow('monolith/src').filter(requestPath);
  assert.ok(sources.length > 10, 'the monolith has sources to look at');
  assert.deepEqual(delaysIn(sources), []);
});

test('each kind of delay is recognized', () => {
  const samples = [
    'setTimeout(done, 400)',
    "import { setTimeout as sleep } from 'node:timers/promises';",
    'Atomics.wait(cell, 0, 0, 400)',
    "await db.query('SELECT pg_sleep(0.4)')",
    'while (Date.now() < until) spin()',
    "import { execSync } from 'node:child_process';",
  ];
  for (const [index, text] of samples.entries()) {
    assert.equal(delaysIn([{ path: `sample-${index}.ts`, text }]).length, 1, text);
  }
});
