import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from './progress.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, write: (text: string) => written.push(text) };
}

test('a terminal shows one bar, drawn over, at most every tenth of a second', () => {
  const screen = terminal(true);
  let nowMs = 0;
  const progress = new Progress(screen, 200, () => nowMs);
  progress.start('orders');
  progress.advance(50);
  assert.equal(screen.written.length, 1);
  nowMs = 100;
  progress.advance(50);
  assert.match(screen.written[1] ?? '', /^\r█{15}░{15} {2}50 % {2}orders/);
  progress.advance(500);
  progress.finish();
  assert.match(screen.written[2] ?? '', /100 %/, 'never more than all');
  assert.equal(screen.written.at(-1), '\n');
});

test('without a terminal each part is a line', () => {
  const log = terminal(false);
  const progress = new Progress(log, 200, () => 0);
  progress.start('orders');
  progress.advance(200);
  progress.finish();
  assert.deepEqual(log.written, ['seed: orders\n']);
});
