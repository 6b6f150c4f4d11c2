import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuration, settingOf } from './configuration.ts';

const command = ['redis-server', '--save', '', '--requirepass', 'a "b" \\c', '--bind', '127.0.0.1', '::1'];

test('a command line becomes a configuration file that means the same', () => {
  assert.equal(configuration(command), 'save ""\nrequirepass "a \\"b\\" \\\\c"\nbind "127.0.0.1" "::1"\n');
});

test('a setting is read from a command line, the last one of several', () => {
  assert.equal(settingOf(command, 'requirepass'), 'a "b" \\c');
  assert.equal(settingOf([...command, '--requirepass', 'd'], 'requirepass'), 'd');
  assert.equal(settingOf(command, 'port'), null);
});
