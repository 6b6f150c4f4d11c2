import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

test('a line has the fields of the log data model, and only the harmless fields of an error', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const err = Object.assign(new Error('cut', { cause: new Error('reset') }), { code: '57P01', detail: 'hush' });
  log.error({ err, requestId: 'r', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }, 'request failed');
  log.info('stopped');
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.equal(new Date(first.timestamp).toISOString(), first.timestamp);
  const { attributes, timestamp, ...rest } = first;
  assert.deepEqual(rest, {
    severityText: 'ERROR',
    severityNumber: 17,
    body: 'request failed',
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    resource: { 'service.name': 'monolith', 'process.pid': process.pid },
  });
  assert.deepEqual([attributes.requestId, attributes.err.code, attributes.err.cause.message], ['r', '57P01', 'reset']);
  assert.doesNotMatch(lines.join(''), /hush/);
  assert.deepEqual(Object.keys(second).sort(), ['body', 'resource', 'severityNumber', 'severityText', 'timestamp']);
});

test('what the parser of forms was given is not in the log, since it holds the token of the request', () => {
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  log.trace({ busboyOptions: { headers: { authorization: 'hush' } } }, 'Providing options to busboy');
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines.join(''), /hush/);
});
