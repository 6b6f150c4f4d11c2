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

test('what is shown is asked for once while it is fresh, by all requests together', async () => {
  const fields = open();
  serve(things('grade'));
  const all = await Promise.all([fields.shown({}), fields.shown({}), fields.shown({})]);
  assert.deepEqual(all, Array(3).fill(things('grade')));
  nowMs = 999;
  await fields.shown({});
  assert.equal(mesh.requests.length, 1);
  const [{ path, headers } = { path: '', headers: {} }] = mesh.requests;
  assert.deepEqual([path, headers.host], ['/internal/fields?slug=things', 'flows']);
  assert.match(headers.authorization ?? '', /^Basic /);
  serve(things('grade', 'color'));
  nowMs = 1_000;
  assert.equal((await fields.shown({}))?.fields.length, 2);
});

test('a write knows the field that was added just before it, and then replies show it', async () => {
  const fields = open();
  serve(things('grade'));
  await fields.shown({});
  serve(things('grade', 'color'));
  assert.equal((await fields.shown({}))?.fields.length, 1);
  assert.equal((await fields.known({})).fields.length, 2);
  assert.equal((await fields.shown({}))?.fields.length, 2);
});

test('writes share a question that has not been asked yet, and never one that was asked before they came', async () => {
  const fields = open();
  const asked = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  const replies = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  let count = 0;
  mesh.services.flows = async () => {
    const turn = count;
    count += 1;
    asked[turn]?.resolve();
    await replies[turn]?.promise;
    return { status: 200, body: { data: things(...['grade', 'color'].slice(0, turn + 1)) } };
  };
  const first = fields.known({});
  await asked[0]?.promise;
  const later = [fields.known({}), fields.known({}), fields.known({})];
  replies[0]?.resolve();
  assert.equal((await first).fields.length, 1);
  await asked[1]?.promise;
  replies[1]?.resolve();
  assert.deepEqual(
    (await Promise.all(later)).map((one) => one.fields.length),
    [2, 2, 2],
  );
  assert.equal(count, 2);
});

test('writes do not wait for a peer that was away just now', async () => {
  const fields = open();
  serve(things('grade'));
  await fields.known({});
  serve({}, 503);
  assert.deepEqual(await fields.known({}), things('grade'));
  const { length } = mesh.requests;
  nowMs = 999;
  assert.deepEqual(await fields.known({}), things('grade'));
  assert.equal(mesh.requests.length, length);
  nowMs = 1_000;
  serve(things('color'));
  assert.deepEqual(await fields.known({}), things('color'));
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
  const known = ['a', 'b', 'é, &c'];
  mesh.services.flows = ({ path }) => {
    const { searchParams } = new URL(path, 'http://flows');
    const ids = searchParams.getAll('id').filter((id) => known.includes(id) || id.startsWith('many'));
    return {
      status: 200,
      body: { data: searchParams.get('to') === 'product' ? { type: 'product', ids } : { type: null, ids: [] } },
    };
  };
  assert.equal(await fields.requireTargets('product', ['b', 'é, &c', 'a'], {}), 'product');
  assert.equal(mesh.requests[0]?.path.startsWith('/internal/fields/targets?to=product&id=b&id='), true);
  await assert.rejects(fields.requireTargets('product', ['a', 'c'], {}), /The requested product could not be found/);
  await assert.rejects(fields.requireTargets('color', ['a'], {}), { code: 'not_found' });
  const asked = mesh.requests.length;
  await assert.rejects(fields.requireTargets('product', ['a', 'x'.repeat(256)], {}), { code: 'not_found' });
  assert.equal(mesh.requests.length, asked, 'what is too long to be an id is not asked for');
  const many = Array.from({ length: 250 }, (_, index) => `many-${index}`);
  assert.equal(await fields.requireTargets('product', many, {}), 'product');
  assert.equal(mesh.requests.length, asked + 3);
  serve(null);
  await assert.rejects(fields.requireTargets('product', ['a'], {}), { code: 'peer_unavailable' });
  delete mesh.services.flows;
  await assert.rejects(fields.requireTargets('product', ['a'], {}), { code: 'peer_unavailable' });
});
