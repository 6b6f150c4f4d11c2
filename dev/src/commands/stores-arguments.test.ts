import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storesArguments } from './stores-arguments.ts';

test("options before the command say which stores; those after it are the command's", () => {
  assert.deepEqual(storesArguments(['node', '--only', 'x']), { wanted: 'quick', command: ['node', '--only', 'x'] });
  assert.deepEqual(storesArguments(['--all', 'node']), { wanted: 'all', command: ['node'] });
  for (const only of [['--only', 'redis,mariadb'], ['--only=redis,mariadb']])
    assert.deepEqual(storesArguments([...only, 'node', '-e', '1']), {
      wanted: ['redis', 'mariadb'],
      command: ['node', '-e', '1'],
    });
  assert.deepEqual(storesArguments(['--', '-x']), { wanted: 'quick', command: ['-x'] });
  assert.equal(storesArguments(['--help']), 'help');
});

test('unknown options, no names and no command are refused with what to do', () => {
  assert.throws(() => storesArguments(['--hlep', 'node']), /there is no option --hlep: --help lists all/);
  assert.throws(() => storesArguments(['--only', '', 'node']), /--only takes names of stores/);
  assert.throws(() => storesArguments(['--only']), /--only takes names of stores/);
  assert.throws(() => storesArguments(['--all']), /a command is missing/);
});
