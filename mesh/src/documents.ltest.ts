import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Closing, until, upstreamServer } from './testing/harness.ts';
import { MeshProcess } from './testing/mesh-process.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: banyan, listeners: [{ name: http, protocol: HTTP, port: 0 }] }
`;

/** A service without an address, its route and its policy. */
const leased = (name: string) => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ matches: [{ path: { type: PathPrefix, value: /${name} } }], backendRefs: [{ name: ${name}, port: 80 }] }]
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: ${name} }
spec: { targetRefs: [{ group: "", kind: Service, name: ${name} }], discovery: { lease: {} } }
`;

test('a service that comes with a folder of its own, without an address, is served by its leases', async () => {
  const { port } = await upstreamServer(closing, (request, response) => response.end(request.url));
  const folder = MeshProcess.folder(closing, gateway);
  const services = join(folder, 'services');
  const write = (name: string) => {
    mkdirSync(join(services, name), { recursive: true });
    writeFileSync(join(services, name, 'mesh.yaml'), leased(name));
  };
  write('carts');
  const mesh = await MeshProcess.start(closing, folder, [], {
    MESH_DOCUMENTS: `${join(folder, 'documents')}, ${join(services, '*', 'mesh.yaml')}`,
  });
  const status = async (path: string) => {
    const reply = await fetch(`${mesh.edge}${path}`);
    await reply.arrayBuffer();
    return reply.status;
  };
  const register = async (name: string) => {
    const reply = await fetch(`${mesh.adminUrl}/leases/${name}/one`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ port }),
    });
    assert.equal(reply.status, 200);
    await reply.arrayBuffer();
  };
  assert.equal(await status('/carts'), 503);
  await register('carts');
  assert.equal(await status('/carts'), 200);

  write('brands');
  await until(async () => (await status('/brands')) === 503, 'the new folder is in force');
  await register('brands');
  assert.equal(await status('/brands'), 200);

  // A replaced folder is watched as the old one was.
  mkdirSync(join(folder, 'aside'));
  renameSync(join(services, 'brands'), join(folder, 'aside', 'brands'));
  await until(async () => (await status('/brands')) === 404, 'the removed folder is not in force');
  write('brands');
  await until(async () => (await status('/brands')) !== 404, 'the folder is back');
  writeFileSync(join(services, 'brands', 'mesh.yaml'), leased('labels'));
  await until(async () => (await status('/labels')) === 503, 'a change in the new folder is seen');

  rmSync(join(services, 'brands'), { recursive: true });
  writeFileSync(join(services, 'carts', 'mesh.yaml'), 'kind: [');
  await until(async () => {
    const { refused } = await mesh.admin.get<{ refused: string[] }>('/status');
    return refused.some((fault) => fault.includes('services/carts/mesh.yaml'));
  }, 'a fault in one of the files is reported');
  assert.equal(await status('/carts'), 200);
});
