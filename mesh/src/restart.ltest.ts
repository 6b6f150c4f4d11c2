import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Closing, until, upstreamServer } from './testing/harness.ts';
import { MeshProcess } from './testing/mesh-process.ts';
import { quietPort } from './testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const documents = (edgePort: number) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: banyan, listeners: [{ name: http, protocol: HTTP, port: ${edgePort} }] }
---
apiVersion: v1
kind: Service
metadata: { name: carts }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: carts }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: carts, port: 80 }], retry: {} }]
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: carts }
spec:
  targetRefs: [{ group: "", kind: Service, name: carts }]
  healthCheck: { interval: 1s }
  discovery: { lease: {} }
`;

describe('a mesh that was killed and starts again', () => {
  for (const workers of ['0', '2']) {
    test(`serves its leased instances from its first connection on, with ${workers} workers`, async () => {
      const { port } = await upstreamServer(closing, (_request, response) => response.end('served'));
      const edgePort = await quietPort();
      const folder = MeshProcess.folder(closing, documents(edgePort));
      const start = () => MeshProcess.start(closing, folder, ['--workers', workers]);
      const first = await start();
      // An instance calls again after a third of its lease: not within this test.
      const given = await fetch(`${first.adminUrl}/leases/carts/one`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ port }),
      });
      assert.equal(given.status, 200);
      assert.equal(await (await fetch(first.edge)).text(), 'served');
      const exited = once(first.child, 'exit');
      first.child.kill('SIGKILL');
      await exited;
      await until(
        () =>
          fetch(`http://127.0.0.1:${edgePort}`).then(
            () => false,
            () => true,
          ),
        'nothing listens',
      );

      const again = start();
      const replies: string[] = [];
      await until(
        async () => {
          const reply = await fetch(`http://127.0.0.1:${edgePort}`, { headers: { connection: 'close' } }).catch(
            () => null,
          );
          if (reply !== null) replies.push(`${reply.status} ${await reply.text()}`);
          return replies.length >= 50;
        },
        'it replies',
        30_000,
      );
      assert.deepEqual([...new Set(replies)], ['200 served']);
      await again;
    });
  }
});
