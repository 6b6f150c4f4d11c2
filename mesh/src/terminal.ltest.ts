import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { Closing, RawClient, until, upstreamServer } from './testing/harness.ts';
import { MeshProcess } from './testing/mesh-process.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** Unicode's control and format characters, but for line feed and tab. */
const acting = /(?![\n\t])[\p{Cc}\p{Cf}]/u;

async function started(): Promise<MeshProcess> {
  const shop = await upstreamServer(closing, (_request, response) => response.end('ok'));
  const folder = MeshProcess.folder(
    closing,
    `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: banyan
  listeners: [{ name: http, port: ${await quietPort()}, protocol: HTTP }]
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${shop.port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: shop, port: 80 }] }]
`,
  );
  return MeshProcess.start(closing, folder);
}

async function ask(mesh: MeshProcess, userAgent: string): Promise<void> {
  const client = await RawClient.to(Number(new URL(mesh.edge).port), closing);
  client.send('GET / HTTP/1.1', 'Host: shop', `User-Agent: ${userAgent}`, 'Connection: close', '', '');
  assert.match(await client.untilClosed(), /^HTTP\/1\.1 200 /);
}

test('control sequences from others reach no terminal: not by the log, tap, status, the admin port or the journal', async () => {
  const mesh = await started();
  const [who, why] = ['\u001b]0;owned\u0007', '\u009b2J \u007f\u202e'];
  await mesh.admin.post('/routes/shop/weights', { weights: { shop: 100 }, who, why });
  const tap = mesh.command(closing, 'tap', '--count', '1', '--json');
  const tapped = text(tap.stdout);
  const { gauges } = await mesh.admin.get<{ gauges: { name: string }[] }>('/metrics.json');
  assert.ok(gauges.some(({ name }) => name === 'mesh_tap_watchers'));
  await until(async () => {
    const found = await mesh.admin.get<{ gauges: { name: string; series: { value: number }[] }[] }>('/metrics.json');
    return found.gauges.find(({ name }) => name === 'mesh_tap_watchers')?.series[0]?.value === 1;
  }, 'tap watches');
  await ask(mesh, 'evil\u009b31m\u0085');
  await until(() => mesh.log.some(({ msg }) => msg === 'request'), 'the request is in the log');
  const shown: Record<string, string> = {
    log: mesh.raw,
    tap: await tapped,
    status: await text(mesh.command(closing, 'status').stdout),
    'status --json': await text(mesh.command(closing, 'status', '--json').stdout),
    'GET /journal': await (await fetch(`${mesh.adminUrl}/journal`)).text(),
    'journal file': readFileSync(join(mesh.folder, 'state', 'journal.jsonl'), 'utf8'),
  };
  assert.match(shown.log ?? '', /evil\\u009b31m/);
  assert.match(shown.tap ?? '', /evil\\u009b31m/);
  assert.match(shown.status ?? '', /\\u001b\]0;owned/);
  for (const [where, seen] of Object.entries(shown)) {
    assert.notEqual(seen, '', where);
    assert.doesNotMatch(seen, acting, where);
  }
  // The journal keeps the text unchanged.
  const { entries } = await mesh.admin.get<{ entries: { who: string; why: string }[] }>('/journal');
  assert.ok(entries.some((entry) => entry.who === who && entry.why === why));
});

test('a command ends quietly when its reader has gone, as in `mesh tap | head`', async () => {
  const mesh = await started();
  const tap = mesh.command(closing, 'tap');
  const complaints = text(tap.stderr);
  const ended = once(tap, 'exit');
  await ask(mesh, 'a');
  tap.stdout.destroy();
  await until(async () => {
    if (tap.exitCode !== null) return true;
    await ask(mesh, 'b');
    return false;
  }, 'tap has ended');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(await complaints, '');
});
