import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshFolder } from '../testing.ts';
import { Follower, followLogs, lastError, lastLine } from './logs.ts';

const folder = freshFolder();

function log(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('logs', () => {
  test('the last line is the message, not the frames below it', () => {
    const crash = 'Error: no such table\n    at query (db.ts:5)\n    at main (main.ts:1)\n\nNode.js v24.0.0\n';
    assert.equal(lastLine(log('crash', crash)), 'Error: no such table');
  });

  test('of a JSON line it is the message and the error', () => {
    assert.equal(
      lastLine(log('json', '{"severityNumber":21,"body":"giving up","attributes":{"err":{"message":"port taken"}}}\n')),
      'giving up: port taken',
    );
  });

  test('the last error is found, even if another line follows it', () => {
    const error = '{"severityNumber":21,"body":"cannot serve","attributes":{"err":{"message":"no such host"}}}\n';
    const file = log('bye', `${error}{"severityNumber":9,"body":"stopped"}\n`);
    assert.equal(lastError(file), 'cannot serve: no such host');
    assert.equal(lastLine(file), 'stopped');
    assert.equal(lastError(log('calm', '{"severityNumber":9,"body":"stopped"}\n')), 'stopped');
  });

  test('output of an earlier start does not count', () => {
    const before = 'Error: of yesterday\n';
    assert.equal(lastLine(log('two', `${before}out of paper\n`), before.length), 'out of paper');
    assert.equal(lastLine(log('silent', before), before.length), '');
  });

  test('a missing log has no last line', () => assert.equal(lastLine(join(folder, 'missing')), ''));

  test('a follower returns each whole line once', () => {
    const file = log('follow', 'old\n');
    const follower = new Follower(file);
    appendFileSync(file, 'one\ntw');
    assert.deepEqual(follower.read(), ['one']);
    appendFileSync(file, 'o\n');
    assert.deepEqual(follower.read(), ['two']);
    assert.deepEqual(follower.read(), []);
  });

  test('the logs of some processes are followed without those of others', () => {
    mkdirSync(join(folder, 'logs'));
    const [auth, mesh] = ['auth', 'mesh'].map((name) => log(`logs/${name}.log`, 'old\n'));
    const seen: string[] = [];
    const stop = followLogs(folder, ['auth'], (name, line) => seen.push(`${name} ${line}`));
    for (const file of [auth, mesh]) appendFileSync(file ?? '', 'new\n');
    stop();
    assert.deepEqual(seen, ['auth new']);
  });
});
