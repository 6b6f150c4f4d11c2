import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type MeshClient, openMeshClient } from '../mesh/client.ts';
import { type FakeMesh, startFakeMesh } from '../testing/fake-mesh.ts';
import { EntityFields } from './definitions.ts';

let mesh: FakeMesh;
let client: MeshClient;
let nowMs = 0;
const credentials = { id: 'services', secret: 'let me ask' };
beforeEach(async () => {
  mesh = await startFakeMesh();
  client = openMeshClient({ meshUrl: mesh.url });
  nowMs = 0;
});
afterEach(async () => {
  await client.close();
  mesh.close();
});

const open = (given: typeof credentials | null = credentials) =>
  new EntityFields('things', { mesh: client, credentials: given, now: () => nowMs, freshMs: 1_000 });
const definition = (slug: string) => ({
  ...{ id: `id of ${slug}`, slug, name: slug, description: '', field_type: 'string', required: false, unique: false },
  ...{ default: null, omit_null: false, validation_rules: [] },
});
const serve = (data: unknown, status = 200) => {
  mesh.services.flows = () => ({ status, body: { data } });
};
const things = (...slugs: string[]) => ({ flow: { id: 'f', slug: 'things' }, fields: slugs.map(definition) });

test('fields are asked for once while they are fresh, by all requests together', async () => {
  const fields = open();
  serve(things('grade'));
  const all = await Promise.all([fields.shown({}), fields.shown({}), fields.known({})]);
  assert.deepEqual(all, Array(3).fill(things('grade')));
  nowMs = 999;
  await fields.shown({});
  assert.equal(mesh.requests.length, 1);
  const [{ path, headers } = { path: '', headers: {} }] = mesh.requests;
  assert.deepEqual([path, headers.host], ['/internal/fields?slug=things', 'flows']);
  assert.match(headers.authorization ?? '', /^Basic /);
  serve(things('grade', 'color'));
  nowMs = 1_000;
  assert.equal((await fields.known({})).fields.length, 2);
});

test('the last fields known count while the peer is away, or sends what makes no sense', async () => {
  const fields = open();
  serve(things('grade'));
  await fields.shown({});
  for (const broken of [
    () => serve({}, 503),
    () => serve({ flow: null }),
    () => serve({ flow: null, fields: [{ id: 'x' }] }),
    () => {
      mesh.services.flows = () => ({ status: 200, body: '<html>' });
    },
    () => {
      delete mesh.services.flows;
    },
  ]) {
    broken();
    nowMs += 1_000;
    assert.deepEqual(await fields.shown({}), things('grade'));
    assert.deepEqual(await fields.known({}), things('grade'));
  }
});

test('before the peer was there once, replies have no fields, and writes are refused', async () => {
  const fields = open();
  assert.equal(await fields.shown({}), null);
  await assert.rejects(fields.known({}), { code: 'peer_unavailable' });
  nowMs = 1_000;
  serve(things('grade'));
  assert.deepEqual(await fields.known({}), things('grade'));
});

test('without credentials there are no fields, and nothing is asked', async () => {
  assert.deepEqual(await open(null).known({}), { flow: null, fields: [] });
  assert.equal(mesh.requests.length, 0);
});

test('targets of links must exist', async () => {
  const fields = open();
  mesh.services.flows = ({ body }) => {
    const { to } = JSON.parse(body);
    return {
      status: 200,
      body: { data: to === 'product' ? { type: 'product', ids: ['a', 'b'] } : { type: null, ids: [] } },
    };
  };
  assert.equal(await fields.requireTargets('product', ['b', 'a'], {}), 'product');
  await assert.rejects(fields.requireTargets('product', ['c'], {}), /The requested product could not be found/);
  await assert.rejects(fields.requireTargets('color', ['a'], {}), { code: 'not_found' });
  serve(null);
  await assert.rejects(fields.requireTargets('product', ['a'], {}), { code: 'peer_unavailable' });
  delete mesh.services.flows;
  await assert.rejects(fields.requireTargets('product', ['a'], {}), { code: 'peer_unavailable' });
});
