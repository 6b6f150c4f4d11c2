import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { cli } from './testing/cli.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

test('mesh status shows weights as shares, and mirrors with their share and how their copies ended', async () => {
  const [one, two] = [
    await upstreamServer(closing, (_request, response) => response.end('one')),
    await upstreamServer(closing, (request, response) => {
      response.statusCode = request.url === '/bad' ? 500 : 200;
      response.end('two');
    }),
  ];
  const mirror = (numerator: number) => ({ service: 'two', port: 80, numerator, denominator: 1000 });
  const config = meshConfig(
    [service('one', [one.port]), service('two', [two.port])],
    [
      route('even', [rule({ backendRefs: [backendRef('one', 60), backendRef('two', 60)] })], { parents: [] }),
      route('shadowed', [
        rule({ backendRefs: [backendRef('one', 1)], filters: [{ type: 'RequestMirror', mirror: mirror(1000) }] }),
      ]),
      route('some', [
        rule({ backendRefs: [backendRef('one', 1)], filters: [{ type: 'RequestMirror', mirror: mirror(5) }] }),
      ]),
    ],
  );
  const mesh = await testMesh(closing, config);
  for (const path of ['/', '/', '/bad']) await (await fetch(mesh.url + path)).text();
  const rows = async () => (await cli(mesh, 'status')).out.split('\n').map((line) => line.split(/ {2,}/));
  await until(async () => (await rows()).some(([, , , copies]) => copies === '3'), 'the copies have ended');
  const shown = await rows();
  assert.deepEqual(
    shown.find(([name]) => name === 'even'),
    ['even', 'one 50 %, two 50 %', 'documents'],
  );
  const mirrored = shown.slice(shown.findIndex(([name]) => name === 'MIRRORED ROUTE'));
  assert.deepEqual(mirrored.slice(0, 3), [
    ['MIRRORED ROUTE', 'TO', 'SHARE', 'COPIES', 'SAME STATUS', 'DIFFERENT STATUS', 'FAILED', 'TIMED OUT'],
    ['shadowed', 'two', '100 %', '3', '2', '1', '0', '0'],
    ['some', 'two', '0.5 %', '0', '0', '0', '0', '0'],
  ]);
});
