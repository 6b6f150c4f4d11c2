import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Closing, until, upstreamServer } from '../testing/harness.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const documents = ({ edgePort, old, next }: { edgePort: number; old: number; next: number }) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: banyan
  listeners: [{ name: http, port: ${edgePort}, protocol: HTTP }]
---
apiVersion: v1
kind: Service
metadata: { name: old }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${old} }] }
---
apiVersion: v1
kind: Service
metadata: { name: next }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${next} }] }
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: next }
spec:
  targetRefs: [{ group: "", kind: Service, name: next }]
  healthCheck: { interval: 100ms, timeout: 10s, unhealthyThreshold: 1 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: next, port: 80 }] }]
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: HTTPRoutePolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  failover: { backendRef: { name: old, port: 80 } }
`;

test('workers fail over by the health that the primary knows, and one metric counts for all', async () => {
  let healthy = true;
  const old = await upstreamServer(closing, (_request, response) => response.end('old'));
  const next = await upstreamServer(closing, (request, response) => {
    response.writeHead(request.url === '/health/ready' && !healthy ? 503 : 200).end('next');
  });
  const edgePort = await quietPort();
  const folder = MeshProcess.folder(closing, documents({ edgePort, old: old.port, next: next.port }));
  const mesh = await MeshProcess.start(closing, folder, ['--workers', '2'], {});
  /** On new connections, which the primary distributes round-robin. */
  const four = async () => {
    const said: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      said.push(await (await fetch(mesh.edge, { headers: { connection: 'close' } })).text());
    }
    return said.join();
  };
  assert.equal(await four(), 'next,next,next,next');
  healthy = false;
  await until(async () => (await four()) === 'old,old,old,old', 'both workers fail over');
  const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
  const [, count] = /mesh_failovers_total\{route="shop",.*reason="none_healthy"\} (\d+)/.exec(text) ?? [];
  assert.ok(Number(count) >= 4, text.match(/mesh_failovers.*/g)?.join('\n'));
  const { route } = await mesh.admin.get<{ route: { notes: string[] } }>('/explain?path=/');
  assert.match(route.notes.join(), /failover: old replies .*; now: next has none that is healthy/);
  healthy = true;
  await until(async () => (await four()) === 'next,next,next,next', 'both workers have it back');
});
