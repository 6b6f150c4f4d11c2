import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository as root } from './paths.ts';
import { freshFolder } from './testing.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('a Node.js too old for TypeScript', () => {
  const folder = freshFolder();
  // A Node.js that reports an old version: the test checks the command that it would run.
  const old = join(folder, 'old.cjs');
  writeFileSync(
    old,
    `if (!process.env.CHILD) { process.env.CHILD = '1'; Object.defineProperty(process.versions, 'node', { value: '20.1.0' }); }`,
  );
  const run = (file: string, args: string[]) => {
    const { CHILD: _, ...env } = process.env;
    return spawnSync(process.execPath, ['--require', old, file, ...args], { cwd: root, env, encoding: 'utf8' });
  };

  for (const [file, args, said] of [
    ['dev/banyan.mjs', ['--help'], /Usage: dev/],
    ['mesh/mesh.mjs', ['--help'], /Usage: mesh/],
    ['dev/run.mjs', ['monolith/src/main.ts', '--debts'], /tunable/i],
  ] as const) {
    test(`${file} ${args.join(' ')} runs with the Node.js of the lockfile, if there is one`, () => {
      const { status, stdout, stderr } = run(file, [...args]);
      const brought = existsSync(join(root, `node_modules/node-${process.platform}-${process.arch}`));
      if (brought) {
        assert.equal(status, 0, stderr);
        assert.match(stdout + stderr, said);
      } else {
        assert.equal(status, 1);
        assert.match(stderr, /^Node\.js 22\.18 or newer is needed .*\n$/);
      }
    });
  }

  test('prints one sentence when npm has installed no newer Node.js', () => {
    for (const file of ['mesh.mjs', 'newer-node.mjs']) cpSync(join(root, 'mesh', file), join(folder, file));
    const { status, stderr } = run(join(folder, 'mesh.mjs'), ['check']);
    assert.equal(status, 1);
    assert.match(stderr, /^Node\.js 22\.18 or newer is needed .*\n$/);
  });

  test('the mesh, which is copied alone, has the same guard as the rest', () => {
    assert.equal(read('mesh/newer-node.mjs'), read('dev/newer-node.mjs'));
  });
});
