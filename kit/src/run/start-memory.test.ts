import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
  import { leaveStartBehind } from ${JSON.stringify(new URL('./start-memory.ts', import.meta.url).href)};
  let start = new Array(2_000_000).fill(1);
  const before = process.memoryUsage().heapUsed;
  start = undefined;
  leaveStartBehind();
  console.log(before - process.memoryUsage().heapUsed > 8_000_000);
`;
const run = (...options: string[]) =>
  execFileSync(process.execPath, [...options, '--input-type=module', '--eval', program], { encoding: 'utf8' }).trim();

test('what only the start needed is given back, where the process may collect', () => {
  assert.equal(run('--expose-gc'), 'true');
  assert.equal(run(), 'false', 'without the option nothing is collected, and nothing fails');
});
