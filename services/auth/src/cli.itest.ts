import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from './testing.ts';

interface Outcome {
  code: number;
  out: string;
  error: string;
}

describe('the command line', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const auth = (args: string[], env: Record<string, string> = {}) =>
    new Promise<Outcome>((resolve) => {
      const main = fileURLToPath(new URL('main.ts', import.meta.url));
      execFile(
        process.execPath,
        [main, ...args],
        { env: { PATH: process.env.PATH, DATABASE_URL: database.url, KEY_PUBLISH_LEAD_S: '0', ...env } },
        (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, error: err }),
      );
    });
  const active = (out: string) => /^active\s+(\S+)/m.exec(out)?.[1];
  const next = (out: string) => /^next\s+(\S+)/m.exec(out)?.[1];

  test('rotate-keys makes the next key sign and keeps the previous one published', async () => {
    const before = await auth(['keys']);
    assert.equal(before.code, 0, before.error);
    const rotated = await auth(['rotate-keys']);
    assert.equal(rotated.code, 0, rotated.error);
    assert.equal(active(rotated.out), next(before.out));
    assert.ok(rotated.out.includes(`retired ${active(before.out)}`));
    assert.match(rotated.out, /published until \d{4}-/);
    assert.doesNotMatch(rotated.out, /pkcs8|MIG/);
  });

  test('keys that another secret sealed are listed, and replaced by replace-unreadable-keys', async () => {
    const [lost, fresh] = ['0f'.repeat(32), 'f0'.repeat(32)];
    const before = await auth(['keys'], { KEY_ENCRYPTION_KEY: lost });
    const locked = await auth(['keys'], { KEY_ENCRYPTION_KEY: fresh });
    assert.equal(locked.code, 1);
    assert.match(locked.error, /KEY_ENCRYPTION_KEY does not open the signing keys/);
    assert.equal(locked.out, before.out);
    const replaced = await auth(['replace-unreadable-keys'], { KEY_ENCRYPTION_KEY: fresh });
    assert.equal(replaced.code, 0, replaced.error);
    assert.ok(replaced.out.includes(`retired ${active(before.out)}`));
    assert.notEqual(active(replaced.out), active(before.out));
  });

  test('a usage error prints one line and exits with 2', async () => {
    for (const args of [['dance'], ['--what'], ['keys', 'more']]) {
      const { code, error } = await auth(args);
      assert.equal(code, 2);
      assert.match(error, /^auth: /);
      assert.doesNotMatch(error, /\n {4}at /);
    }
  });

  test('all configuration faults are printed without a stack, and nothing starts', async () => {
    const { code, error } = await auth([], { DATABASE_URL: '', PORT: 'x' });
    assert.equal(code, 1);
    assert.match(error, /DATABASE_URL: is not set/);
    assert.match(error, /PORT: "x" must be integer/);
    assert.doesNotMatch(error, /\n {4}at /);
  });

  test('a store that is down prints one line', async () => {
    const { code, error } = await auth(['keys'], { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/d' });
    assert.equal(code, 1);
    assert.match(error, /^auth: /);
    assert.doesNotMatch(error, /hunter2|\n {4}at /);
  });

  test('--help lists the commands', async () => {
    const { code, out } = await auth(['--help']);
    assert.equal(code, 0);
    assert.match(out, /rotate-keys/);
  });
});
