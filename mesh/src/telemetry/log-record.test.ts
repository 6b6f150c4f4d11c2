import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { logOptions } from './log-record.ts';

const closing = new Closing();
after(() => closing.close());

test('a line of the log has the fields of the log data model', () => {
  const lines: string[] = [];
  const log = pino(logOptions('info'), { write: (line: string) => void lines.push(line) });
  log.warn({ entrance: 'edge' }, 'listening');
  const { timestamp, ...rest } = JSON.parse(lines[0] ?? '');
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  assert.deepEqual(rest, {
    severityText: 'WARN',
    severityNumber: 13,
    resource: { 'service.name': 'mesh', 'process.pid': process.pid },
    attributes: { entrance: 'edge' },
    body: 'listening',
  });
});

test('a line of the access log, put together by hand, has the same fields, and the ids of the trace', async () => {
  const { port } = await upstreamServer(closing, (_request, response) => response.end('ok'));
  const rules = [rule({ backendRefs: [backendRef('shop')] })];
  const mesh = await testMesh(closing, meshConfig([service('shop', [port])], [route('all', rules)]));
  const traceId = 'a'.repeat(32);
  await fetch(mesh.url, { headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } });
  await until(() => mesh.log.raw.length === 1, 'the request is logged');
  const lines: string[] = [];
  pino(logOptions('info'), { write: (line: string) => void lines.push(line) }).info({ status: 200 }, 'request');
  const { attributes, timestamp, traceId: logged, spanId, ...byHand } = JSON.parse(mesh.log.raw[0] ?? '');
  const { attributes: _attributes, timestamp: _timestamp, ...byPino } = JSON.parse(lines[0] ?? '');
  assert.deepEqual(byHand, byPino);
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  assert.deepEqual([attributes.status, logged], [200, traceId]);
  assert.match(spanId, /^[0-9a-f]{16}$/);
});
