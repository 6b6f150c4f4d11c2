import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { main } from '../cli/program.ts';
import { Closing, testMesh, upstreamServer } from '../testing/harness.ts';
import type { MeshConfig } from './model.ts';
import { parseConfig } from './parse.ts';

const closing = new Closing();
after(closing.close);

const service = (name: string, port: number) => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${port} }] }
---`;

const route = (name: string, spec: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec: ${spec}
---`;

const edge = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: x, addresses: [{ value: 127.0.0.1 }], listeners: [{ name: http, port: 0, protocol: HTTP }] }
---`;

function configOf(...documents: string[]): MeshConfig {
  const result = parseConfig([{ name: 'x', text: documents.join('') }], {});
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.faults));
  return result.config;
}

const statusAt = async (url: string, headers: Record<string, string> = {}): Promise<number> =>
  fetch(url, { headers }).then(async (reply) => {
    await reply.arrayBuffer();
    return reply.status;
  });

describe('references that lead nowhere', () => {
  test('affect only their share of the requests', async () => {
    const { port } = await upstreamServer(closing, (_request, reply) => reply.end('ok'));
    const backends = (ref: string) => `[{ name: shop, port: 80, weight: 3 }, ${ref}]`;
    const rule = (path: string, refs: string) => `{ matches: [{ path: { value: ${path} } }], backendRefs: ${refs} }`;
    const rules = [
      rule('/whole', '[{ name: shop, port: 80 }]'),
      rule('/service', backends('{ name: gone, port: 80 }')),
      rule('/port', backends('{ name: shop, port: 81 }')),
      rule('/kind', backends('{ group: storage.example, kind: Bucket, name: assets }')),
      rule('/namespace', backends('{ name: shop, port: 80, namespace: elsewhere }')),
      rule('/only', '[{ name: gone, port: 80 }]'),
    ];
    const config = configOf(
      edge,
      service('shop', port),
      route('r', `{ parentRefs: [{ name: edge }], rules: [${rules}] }`),
    );
    // The same numbers in every run (a linear congruential generator).
    let drawn = 1;
    const random = () => {
      drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
      return drawn / 2 ** 32;
    };
    const mesh = await testMesh(closing, config, { random });
    assert.equal(await statusAt(`${mesh.url}/whole`), 200);
    assert.equal(await statusAt(`${mesh.url}/only`), 500);
    for (const path of ['/service', '/port', '/kind', '/namespace']) {
      const statuses = new Map<number, number>();
      for (let request = 0; request < 60; request += 1) {
        const status = await statusAt(`${mesh.url}${path}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      assert.deepEqual([...statuses.keys()].sort(), [200, 500], path);
    }
  });

  test('disable a mirror', async () => {
    const { port } = await upstreamServer(closing, (_request, reply) => reply.end('ok'));
    const mirrors = `[{ type: RequestMirror, requestMirror: { backendRef: { name: gone, port: 80 } } },
      { type: RequestMirror, requestMirror: { backendRef: { name: shop, port: 81 } } }]`;
    const config = configOf(
      edge,
      service('shop', port),
      route(
        'r',
        `{ parentRefs: [{ name: edge }], rules: [{ filters: ${mirrors}, backendRefs: [{ name: shop, port: 80 }] }] }`,
      ),
    );
    assert.deepEqual(config.routes[0]?.rules[0]?.filters, []);
    const mesh = await testMesh(closing, config);
    assert.equal(await statusAt(`${mesh.url}/`), 200);
  });

  test('a route without a parent takes no requests; the other routes do', async () => {
    const { port } = await upstreamServer(closing, (request, reply) => reply.end(request.url));
    const to = (path: string) =>
      `[{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: shop, port: 80 }] }]`;
    const config = configOf(
      edge,
      service('shop', port),
      route('served', `{ parentRefs: [{ name: edge }, { name: nowhere }], rules: ${to('/served')} }`),
      route('orphan', `{ parentRefs: [{ name: nowhere }], rules: ${to('/orphan')} }`),
      route('foreign', `{ parentRefs: [{ kind: Mesh, group: x.example, name: edge }], rules: ${to('/foreign')} }`),
      route('none', `{ rules: ${to('/none')} }`),
      route('bare', '{ parentRefs: [{ name: edge }], hostnames: [bare.example] }'),
    );
    const mesh = await testMesh(closing, config);
    assert.equal(await statusAt(`${mesh.url}/served`), 200);
    for (const path of ['/orphan', '/foreign', '/none']) assert.equal(await statusAt(`${mesh.url}${path}`), 404, path);
  });

  test('appear in mesh status until they are repaired', async () => {
    const broken = configOf(edge);
    const mesh = await testMesh(closing, broken);
    mesh.documents = { config: broken, warnings: ['x: gone'], unresolved: ['x: gone'] };
    await mesh.reload('tester', 'a reference leads nowhere');
    const shown = async () => {
      const lines: string[] = [];
      const out = (line: string) => lines.push(line);
      assert.equal(await main(['status'], { out, err: out }, { MESH_ADMIN_URL: mesh.adminUrl }), 0);
      return lines.join('\n');
    };
    assert.match(await shown(), /References that lead nowhere:\n {2}x: gone/);
    mesh.documents = { config: broken };
    await mesh.reload('tester', 'mended');
    assert.doesNotMatch(await shown(), /lead nowhere/);
  });

  test('fail mesh check with --strict only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mesh-unresolved-'));
    closing.add(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'a.yaml');
    const rules = '[{ backendRefs: [{ name: shoq, port: 80 }] }]';
    writeFileSync(file, edge + service('shop', 1) + route('r', `{ parentRefs: [{ name: edge }], rules: ${rules} }`));
    const checked = async (...options: string[]) => {
      const lines: string[] = [];
      const out = (line: string) => lines.push(line);
      return { code: await main(['check', file, ...options], { out, err: out }, {}), text: lines.join('\n') };
    };
    const lenient = await checked();
    assert.equal(lenient.code, 0);
    assert.match(lenient.text, /unresolved reference: HTTPRoute\/r: .*"shoq".*gets a 500 \(did you mean "shop"\?\)/);
    assert.match(lenient.text, /^good: 3 documents, no faults, no warnings, 1 unresolved reference, digest/m);
    const strict = await checked('--strict');
    assert.equal(strict.code, 1);
    assert.match(strict.text, /^bad: 3 documents, no faults, no warnings, 1 unresolved reference/m);
    const json = await checked('--strict', '--json');
    assert.equal(json.code, 1);
    const { ok, warnings } = JSON.parse(json.text);
    assert.equal(ok, false);
    assert.deepEqual(
      warnings.map(({ unresolved }: { unresolved?: boolean }) => unresolved),
      [true],
    );
    assert.equal((await checked('--strict')).text.includes('fault'), true);
  });

  test('unreadable documents change nothing', async () => {
    const mesh = await testMesh(closing, configOf(edge));
    const { generation } = mesh.mesh.status;
    const result = parseConfig([{ name: 'x', text: `${edge}\nkind: [` }], {});
    assert.equal(result.ok, false);
    mesh.documents = { faults: ['cannot be read'] };
    await assert.rejects(mesh.reload('tester', 'bad'));
    assert.equal(mesh.mesh.status.generation, generation);
  });
});
