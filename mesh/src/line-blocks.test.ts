import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineBlocks } from './line-blocks.ts';
import { testClock } from './testing/clock.ts';

function blocks() {
  const clock = testClock();
  const written: string[] = [];
  return { clock, written, lines: lineBlocks((block) => written.push(block), clock) };
}

test('lines are passed on together, in order, at most half a second after the first', () => {
  const { clock, written, lines } = blocks();
  lines.write('a\n');
  clock.advance(400);
  lines.write('b\n');
  assert.deepEqual(written, []);
  clock.advance(100);
  assert.deepEqual(written, ['a\nb\n']);
  lines.write('c\n');
  clock.advance(499);
  assert.equal(written.length, 1);
  clock.advance(1);
  assert.deepEqual(written, ['a\nb\n', 'c\n']);
});

test('a full block is passed on at once, and no line is cut or lost between two blocks', () => {
  const { clock, written, lines } = blocks();
  const all = Array.from({ length: 200 }, (_, n) => `${n} ${'é€😀'.repeat(n)}\n`);
  for (const line of all) lines.write(line);
  assert.ok(written.length > 0);
  clock.advance(1000);
  assert.equal(written.join(''), all.join(''));
  for (const block of written) assert.ok(block.endsWith('\n') && Buffer.byteLength(block) <= 64 * 1024);
});

test('a line that fits into no block keeps its place among the others', () => {
  const { written, lines } = blocks();
  const long = `${'x'.repeat(100_000)}\n`;
  lines.write('a\n');
  lines.write(long);
  assert.deepEqual(written, ['a\n', long]);
});

test('flush passes on the lines that wait, once', () => {
  const { clock, written, lines } = blocks();
  lines.flush();
  lines.write('a\n');
  lines.flush();
  clock.advance(1000);
  assert.deepEqual(written, ['a\n']);
});
