import assert from 'node:assert/strict';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import type { MetricsJson } from './telemetry/metrics.ts';
import { startCli } from './testing/cli.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const secret = 'hunter2';

/** A request with the secret wherever one travels. `target` without the query. */
function request(method: string, target: string, ...more: string[]): string {
  return [
    `${method} ${target}?token=${secret}&${secret}=1 HTTP/1.1`,
    'Host: shop',
    `Authorization: Bearer ${secret}`,
    `Cookie: session=${secret}`,
    `X-Api-Key: ${secret}`,
    `Idempotency-Key: ${secret}`,
    `Baggage: user=${secret}`,
    `Tracestate: vendor=${secret}`,
    `Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`,
    `Referer: http://${secret}@shop/?${secret}`,
    ...more,
    'Connection: close',
    `Content-Length: ${secret.length}`,
    '',
    secret,
  ].join('\r\n');
}

test('no secret is in a log, a trace, a tap, an error, a shadow, a metric or an export, however a request ends', async () => {
  const exported: string[] = [];
  const collector = await upstreamServer(closing, async (incoming, response) => {
    const body = await readText(incoming);
    exported.push(body);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const upstream = await upstreamServer(closing, (incoming, response) => {
    incoming.resume();
    const path = incoming.url ?? '';
    if (path.startsWith('/reset')) response.destroy();
    else if (path.startsWith('/half')) {
      response.writeHead(200, { 'content-length': '1000', 'set-cookie': secret });
      response.write(secret, () => response.destroy());
    } else if (path.startsWith('/garbage')) incoming.socket.end(`HTTP/1.1 200 OK\r\n${secret}\r\n\r\n`);
    else response.writeHead(path.startsWith('/500') ? 500 : 200, { 'x-secret': secret }).end(secret);
  });
  const shadow = await upstreamServer(closing, (incoming, response) => {
    incoming.resume();
    response.writeHead(404, { 'set-cookie': secret }).end(secret);
  });
  const config = meshConfig(
    [service('shop', [upstream.port]), service('shadow', [shadow.port]), service('empty', [])],
    [
      route('all', [
        rule({
          backendRefs: [backendRef('shop')],
          filters: [
            { type: 'RequestMirror', mirror: { service: 'shadow', port: 80, numerator: 100, denominator: 100 } },
          ],
        }),
        rule({
          matches: [{ path: { type: 'Exact', value: '/empty' }, headers: [], queryParams: [] }],
          backendRefs: [backendRef('empty')],
        }),
      ]),
    ],
  );
  const mesh = await testMesh(closing, config, { otlpTracesUrl: `http://127.0.0.1:${collector.port}/v1/traces` });
  const taps = [startCli(mesh, 'tap'), startCli(mesh, 'tap', '--json')];
  const watchers = async () => {
    const { gauges } = (await (await fetch(`${mesh.adminUrl}/metrics.json`)).json()) as MetricsJson;
    return gauges.find(({ name }) => name === 'mesh_tap_watchers')?.series[0]?.value;
  };
  await until(async () => (await watchers()) === 2, 'both watch');

  const requests = [
    ...['/', '/500', '/reset', '/half', '/garbage', '/empty'].map((path) => request('GET', path)),
    request('POST', '/reset'),
    request('GET', `http://${secret}:${secret}@shop/`),
    request('GET', '/', 'Host: again'),
    request('GET', '/', 'Transfer-Encoding: chunked'),
    request('GET', '/', `Content-Length: ${secret}`),
    request('GET', '/', 'X-Mesh-Override: broken'),
    request('GET', '/', `${secret} : 1`),
    request('GET', '/../%2e%2e%2f'),
    `GET /\\?${secret} HTTP/1.1\r\nHost: ${secret}@shop\r\n\r\n`,
    `${secret} ${secret} ${secret}\r\n\r\n`,
  ];
  for (const text of requests) {
    for (const port of [mesh.edgePort, mesh.internalPort]) {
      const client = await RawClient.to(port, closing);
      client.send(text);
      await client.untilClosed();
    }
  }
  const shadows = async () => (await fetch(`${mesh.adminUrl}/shadows`)).text();
  await until(async () => (await shadows()).includes('different_status'), 'a mirror has replied');
  const told: Record<string, string> = {};
  for (const path of [
    'metrics',
    'metrics.json',
    'traces?limit=1000',
    'errors',
    'shadows',
    'stats',
    'endpoints',
    'journal',
  ]) {
    const response = await fetch(`${mesh.adminUrl}/${path}`);
    assert.equal(response.status, 200, path);
    told[path] = await response.text();
  }
  const lists = [startCli(mesh, 'errors'), startCli(mesh, 'errors', '--json'), startCli(mesh, 'stats')];
  for (const { code } of lists) assert.equal(await code, 0);
  await mesh.stop();
  await Promise.all(taps.map(({ code }) => code));
  told.printed = [...taps, ...lists].flatMap(({ out, err }) => [...out, ...err]).join('\n');
  told.exported = exported.join('\n');
  told.log = JSON.stringify(mesh.log.lines, (_key, value) =>
    value instanceof Error ? `${value.stack} ${String(value.cause)}` : value,
  );
  // Each of them has content, so the absence of secrets means something.
  assert.ok(mesh.log.requests().length >= 20, `${mesh.log.requests().length} lines in the access log`);
  assert.match(told.printed, /upstream_reset[\s\S]*status 500/);
  assert.match(told.exported, /"\/500"/);
  assert.match(told['traces?limit=1000'] ?? '', /"\/half"/);
  for (const [where, text] of Object.entries(told)) {
    assert.ok(!text.toLowerCase().includes(secret), `${where}: ${around(text)}`);
  }
});

function around(text: string): string {
  const at = text.toLowerCase().indexOf(secret);
  return text.slice(Math.max(0, at - 200), at + 100);
}
