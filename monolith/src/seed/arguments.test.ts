import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSeedArguments } from './arguments.ts';

const environment = { DATABASE_URL: 'postgres://store/monolith', FILES_FOLDER: '/srv/files' };

describe('parseSeedArguments', () => {
  test('needs a size; the database may come from the environment', () => {
    const parsed = parseSeedArguments(['--size', 'small'], environment);
    assert.deepEqual(parsed, {
      ok: true,
      arguments: {
        size: 'small',
        seed: 1,
        databaseUrl: environment.DATABASE_URL,
        filesFolder: '/srv/files',
        credentialsFile: undefined,
        until: new Date('2018-06-01T00:00:00Z'),
        ifEmpty: false,
        replace: false,
        copies: [],
        json: false,
      },
    });
  });

  test('reads every option', () => {
    const parsed = parseSeedArguments(
      ['--size=reference', '--seed=7', '--now=2020-01-01T00:00:00Z', '--database-url=postgres://x/y'].concat([
        '--credentials=c.json',
        '--files-folder=/other/files',
        '--replace',
        '--copy=a',
        '--copy=b',
        '--json',
      ]),
      environment,
    );
    assert.ok(parsed.ok === true);
    assert.equal(parsed.arguments.databaseUrl, 'postgres://x/y');
    assert.equal(parsed.arguments.seed, 7);
    assert.equal(parsed.arguments.until.toISOString(), '2020-01-01T00:00:00.000Z');
    assert.equal(parsed.arguments.credentialsFile, 'c.json');
    assert.equal(parsed.arguments.filesFolder, '/other/files');
    assert.deepEqual(parsed.arguments.copies, ['a', 'b']);
    assert.ok(parsed.arguments.replace && parsed.arguments.json);
    const careful = parseSeedArguments(['--size=small', '--if-empty'], environment);
    assert.ok(careful.ok === true && careful.arguments.ifEmpty);
  });

  test('gives every fault at once', () => {
    const parsed = parseSeedArguments(['--size', 'huge', '--seed', '1.5', '--now', 'soon'], {});
    assert.ok(parsed.ok === false);
    assert.equal(parsed.faults.length, 4);
    assert.ok(parseSeedArguments(['--size', 'small', '--if-empty', '--replace'], environment).ok === false);
    assert.ok(parseSeedArguments(['--sise', 'small'], environment).ok === false);
  });

  test('tells help from a fault', () => {
    assert.deepEqual(parseSeedArguments(['--help'], {}), { ok: 'help' });
  });
});
