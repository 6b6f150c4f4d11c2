import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createLogger } from './log.ts';

function capture() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, logger: createLogger({ level: 'info', service: 'test', destination }) };
}

test('redacts members with the name of a secret at the top and one level down', () => {
  const { lines, logger } = capture();
  logger.info({ client_secret: 'hunter2', body: { access_token: 'hunter2', password: 'hunter2' } }, 'x');
  logger.info({ headers: { authorization: 'hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2' } }, 'y');
  logger.info({ options: { headers: { authorization: 'hunter2', 'x-moltin-customer-token': 'hunter2' } } }, 'z');
  assert.doesNotMatch(lines.join(''), /hunter2/);
  assert.match(lines.join(''), /\[redacted\]/);
});

test('logs a request as method and path, without query and headers', () => {
  const { lines, logger } = capture();
  logger.info({ req: { method: 'GET', url: '/a?token=hunter2', headers: { authorization: 'hunter2' } } }, 'x');
  assert.doesNotMatch(lines.join(''), /hunter2/);
  assert.deepEqual(JSON.parse(lines[0] ?? '').attributes.req, { method: 'GET', path: '/a' });
});

test('logs an error with message, stack and cause, but not the other members of a driver error', () => {
  const { lines, logger } = capture();
  const cause = Object.assign(new Error('cause'), { detail: 'hunter2', parameters: ['hunter2'], code: '23505' });
  logger.error({ err: new Error('outer', { cause }) }, 'x');
  const { err } = JSON.parse(lines[0] ?? '').attributes;
  assert.equal(err.message, 'outer');
  assert.equal(err.cause.code, '23505');
  assert.doesNotMatch(lines.join(''), /hunter2/);
});

test('writes the fields of the log data model, with the trace ids beside the attributes', () => {
  const { lines, logger } = capture();
  logger.warn({ port: 5, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }, 'listening');
  logger.fatal('gone');
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.equal(new Date(first.timestamp).toISOString(), first.timestamp);
  assert.deepEqual(
    { ...first, timestamp: '' },
    {
      timestamp: '',
      severityText: 'WARN',
      severityNumber: 13,
      body: 'listening',
      attributes: { port: 5 },
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      resource: { 'service.name': 'test', 'process.pid': process.pid },
    },
  );
  assert.deepEqual(Object.keys(second).sort(), ['body', 'resource', 'severityNumber', 'severityText', 'timestamp']);
});
