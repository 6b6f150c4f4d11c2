import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logLine } from './log-line.ts';

const record = {
  severityText: 'WARN',
  severityNumber: 13,
  timestamp: '2026-01-02T03:04:05.678Z',
  resource: { 'service.name': 'auth', 'process.pid': 5 },
  attributes: { port: 3101, path: '/a b', tags: ['x'] },
  traceId: 'a'.repeat(32),
  body: 'store not ready',
};

describe('a line of a log, for a person', () => {
  test('has time, process, severity, message and attributes', () => {
    assert.equal(
      logLine('auth', JSON.stringify(record), 8),
      `03:04:05.678  auth      WARN   store not ready  port=3101  path="/a b"  tags=["x"]  trace=${'a'.repeat(32)}`,
    );
  });

  test('has the frames of an error below', () => {
    const attributes = { err: { message: 'cut off', stack: 'Error: cut off\n    at query (db.ts:5:1)' } };
    const [line = '', ...frames] = logLine('auth', JSON.stringify({ ...record, attributes, traceId: undefined })).split(
      '\n',
    );
    assert.match(line, /store not ready {2}err="cut off"$/);
    assert.deepEqual(frames, ['        at query (db.ts:5:1)']);
  });

  test('stays unchanged if it is not a record', () => {
    assert.match(
      logLine('postgres', 'LOG:  database system is ready'),
      /^ {14}postgres {2}LOG: {2}database system is ready$/,
    );
    assert.match(logLine('auth', '{"half":'), /\{"half":$/);
  });

  test('contains no control characters', () => {
    const attributes = { userAgent: '\u001b[2J\u009b31m', 'key\u0007': 1 };
    for (const line of [JSON.stringify({ ...record, attributes }), 'plain \u001b]0;title\u0007 \u009b']) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not appear.
      assert.doesNotMatch(logLine('mesh', line), /[\x00-\x1f\x7f-\x9f]/);
    }
  });
});
