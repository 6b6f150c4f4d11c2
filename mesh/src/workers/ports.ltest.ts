import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { MeshStatus } from '../control/status.ts';
import { Closing, until, upstreamServer } from '../testing/harness.ts';
import { MeshProcess } from '../testing/mesh-process.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const documents = (edgePort: number, target: number) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: banyan
  listeners: [{ name: http, port: ${edgePort}, protocol: HTTP }]
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${target} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: shop, port: 80 }] }]
`;

test('a restart of the workers puts other ports in force, and the status says that no restart is needed any more', async () => {
  const { port } = await upstreamServer(closing, (_request, response) => response.end('shop'));
  const [before, after] = [await quietPort(), await quietPort()];
  const folder = MeshProcess.folder(closing, documents(before, port));
  const mesh = await MeshProcess.start(closing, folder, ['--workers', '1'], {});
  const needed = async () => (await mesh.admin.get<MeshStatus>('/status')).restartNeeded;
  MeshProcess.write(folder, documents(after, port));
  await mesh.admin.post('/reload', {});
  await until(async () => (await needed()).length === 2, 'the reload says that a restart is needed');
  await mesh.admin.post('/restart', {});
  await until(async () => (await needed()).length === 0, 'nothing waits for a restart', 60_000);
  assert.equal(await (await fetch(`http://127.0.0.1:${after}/`)).text(), 'shop');
});
