import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '../testing/clock.ts';
import { lineBlocks } from './line-blocks.ts';

function blocks() {
  const clock = testClock();
  const written: string[] = [];
  return { clock, written, lines: lineBlocks((block) => written.push(block), clock) };
}

test('lines leave together, in order, half a second after the first at the latest', () => {
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

test('many lines do not wait', () => {
  const { clock, written, lines } = blocks();
  const line = `${'x'.repeat(1023)}\n`;
  for (let n = 0; n < 64; n += 1) lines.write(line);
  assert.deepEqual(written, [line.repeat(64)]);
  clock.advance(1000);
  assert.equal(written.length, 1);
});

test('what waits leaves at once when it is asked to, and only once', () => {
  const { clock, written, lines } = blocks();
  lines.flush();
  lines.write('a\n');
  lines.flush();
  clock.advance(1000);
  assert.deepEqual(written, ['a\n']);
});
