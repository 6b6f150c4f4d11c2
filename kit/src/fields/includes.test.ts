import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Access } from '../access/access.ts';
import { type MeshClient, openMeshClient } from '../mesh/client.ts';
import { type FakeMesh, startFakeMesh } from '../testing/fake-mesh.ts';
import type { Field, Target } from './definition.ts';
import { FieldIncludes, joinedIncludes } from './includes.ts';

const admin: Access = { kind: 'client_credentials', clientId: 'c', scope: '' };
const shopper: Access = { kind: 'implicit', clientId: 'c', scope: '' };
const headers = { authorization: 'Bearer x', 'x-moltin-language': 'fr', cookie: 'private' };

const field = (slug: string, to: string, target: Target | null, type: 'one-to-many' | 'one-to-one' = 'one-to-many') =>
  ({
    ...{ id: `id of ${slug}`, slug, name: slug, description: '', field_type: 'relationship', required: false },
    ...{ unique: false, default: null, omit_null: false, validation_rules: [{ type, to }], target },
  }) as Field;
const everyone = (plural: string): Target => ({ plural, seen_by: 'everyone' });
const links = (...ids: string[]) => ids.map((id) => ({ id, type: 'thing' }));

const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const [a, b, gone, m, s, p] = [1, 2, 3, 4, 5, 6].map(idOf) as [string, string, string, string, string, string];

let mesh: FakeMesh;
let client: MeshClient;
beforeEach(async () => {
  mesh = await startFakeMesh();
  client = openMeshClient({ meshUrl: mesh.url });
});
afterEach(async () => {
  await client.close();
  mesh.close();
});

/** A service that lists entities by the ids in its filter, except those that it does not have. */
const listing =
  (...gone: string[]) =>
  ({ path }: { path: string }) => {
    const ids = /in\(id,(.*)\)/.exec(decodeURIComponent(path))?.[1]?.split(',') ?? [];
    return { status: 200, body: { data: ids.filter((id) => !gone.includes(id)).map((id) => ({ id })) } };
  };
const open = (credentials: { id: string; secret: string } | null = { id: 'services', secret: 'let me ask' }) =>
  new FieldIncludes({ mesh: client, credentials });
const ids = (list: readonly unknown[] = []) => list.map((one) => (one as { id: string }).id);

describe('include of relationship fields', () => {
  const fields = [
    field('Goes_With', 'thing', everyone('things')),
    field('made_by', 'maker', everyone('makers'), 'one-to-one'),
    field('also', 'thing', everyone('things')),
    field('told_in', 'stories', null),
  ];
  const values = {
    'id of Goes_With': links(a, gone),
    'id of made_by': { id: m, type: 'maker' },
    'id of also': links(a, b),
    'id of told_in': links(s),
  };

  test('asks each owner once, with what the caller sent, and the owner of flows for entries', async () => {
    mesh.services.things = listing(gone);
    mesh.services.makers = listing();
    mesh.services.flows = () => ({ status: 200, body: { data: [{ id: s }] } });
    const include = new Set(['goes_with', 'made_by', 'also', 'told_in', 'unknown']);
    const { included, missing } = await open().of({ caller: shopper, headers }, include, fields, [values, {}]);
    assert.deepEqual(Object.keys(included), ['things', 'makers', 'stories']);
    assert.deepEqual([ids(included.things), ids(included.makers), ids(included.stories)], [[a, b], [m], [s]]);
    assert.deepEqual(missing, []);
    assert.equal(mesh.requests.length, 3);
    const toThings = mesh.requests.find(({ service }) => service === 'things');
    assert.equal(toThings?.path, `/v2/things?page[limit]=100&filter=in(id,${a},${gone},${b})`);
    const { authorization, cookie, 'x-moltin-language': language } = toThings?.headers ?? {};
    assert.deepEqual([authorization, language, cookie], ['Bearer x', 'fr', undefined]);
    const toFlows = mesh.requests.find(({ service }) => service === 'flows');
    assert.equal(toFlows?.path, `/internal/fields/entries?to=stories&ids=${s}`);
    assert.match(toFlows?.headers.authorization ?? '', /^Basic /);
  });

  test('asks for nothing that the request does not name, or that nothing leads to', async () => {
    const asking = { caller: admin, headers };
    assert.deepEqual(await open().of(asking, new Set(), fields, [values]), { included: {}, missing: [] });
    const none = await open().of(asking, new Set(['also']), fields, [{}]);
    assert.deepEqual(none, { included: { things: [] }, missing: [] });
    assert.equal(mesh.requests.length, 0);
  });

  test('loses what an owner does not send, and says whose it is', async () => {
    mesh.services.things = listing();
    for (const broken of [
      () => ({ status: 500, body: {} }),
      () => ({ status: 403, body: {} }),
      () => ({ status: 200, body: 'no JSON' }),
      () => ({ status: 200, body: { data: null } }),
    ]) {
      mesh.services.makers = broken;
      const { included, missing } = await open().of({ caller: admin, headers }, new Set(['also', 'made_by']), fields, [
        values,
      ]);
      assert.deepEqual([ids(included.things), included.makers, missing], [[a, b], [], ['makers']]);
    }
    const alone = await open(null).of({ caller: admin, headers }, new Set(['told_in']), fields, [values]);
    assert.deepEqual(alone, { included: { stories: [] }, missing: ['flows'] });
  });

  test('asks no one for entries where they are', async () => {
    const entries = async (to: string, wanted: readonly string[]) => wanted.map((id) => ({ id, to }));
    const { included } = await new FieldIncludes({ mesh: client, credentials: null, entries }).of(
      { caller: admin, headers },
      new Set(['told_in']),
      fields,
      [values],
    );
    assert.deepEqual(included, { stories: [{ id: s, to: 'stories' }] });
    assert.equal(mesh.requests.length, 0);
  });

  test('fails when an owner refuses the headers of the caller', async () => {
    mesh.services.things = () => ({
      status: 400,
      body: { errors: [{ title: 'Bad', detail: 'The language is unknown' }] },
    });
    const asked = open().of({ caller: admin, headers }, new Set(['also']), fields, [values]);
    await assert.rejects(asked, { code: 'bad_request', details: { title: 'Bad', detail: 'The language is unknown' } });
  });

  test('shows what is not public only to those who may see it through a link', async () => {
    mesh.services.people = listing();
    const named = { ...admin, subject: 'me' };
    for (const [seen_by, seen] of [
      ['administrators', [admin, named]],
      ['administrators_alone', [admin]],
    ] as const) {
      const buyer = [field('buyer', 'person', { plural: 'people', seen_by })];
      for (const caller of [admin, named, shopper, { ...shopper, subject: 'me' }]) {
        const { included, missing } = await open().of({ caller, headers }, new Set(['buyer']), buyer, [
          { 'id of buyer': links(p) },
        ]);
        const expected = (seen as readonly Access[]).includes(caller) ? [p] : [];
        assert.deepEqual([ids(included.people), missing], [expected, []], `${seen_by} ${JSON.stringify(caller)}`);
      }
    }
  });

  test('asks in batches of a hundred, all at once, and for no more than five thousand', async () => {
    const created = (at: number) => new Date(at * 1_000).toISOString();
    mesh.services.things = ({ path }) => ({
      status: 200,
      body: {
        data: [...path.matchAll(/[0-9a-f-]{36}/g)].map(([id]) => ({
          id,
          meta: { timestamps: { created_at: created(10_000 - Number(id.slice(-12))) } },
        })),
      },
    });
    const many = Array.from({ length: 5_200 }, (_, index) => idOf(index));
    const [one] = fields;
    const { included, missing } = await open().of(
      { caller: admin, headers },
      new Set(['goes_with']),
      [one as Field],
      [{ 'id of Goes_With': links(...many) }],
    );
    assert.equal(mesh.requests.length, 50);
    assert.deepEqual([included.things?.length, ids(included.things)[0], missing], [5_000, idOf(4_999), ['things']]);
  });

  test('sends no id that could change the question', async () => {
    mesh.services.things = listing();
    const value = { 'id of also': links('a),eq(secret,1', 'x&y', '', 'é', a) };
    const { included } = await open().of({ caller: admin, headers }, new Set(['also']), fields, [value]);
    assert.deepEqual(ids(included.things), [a]);
  });
});

test('includes that have the same name are joined, and each entity is there once', () => {
  const [one, two] = [{ id: 'a' }, { id: 'b' }];
  assert.deepEqual(joinedIncludes({ things: [one], none: [] }, { things: [one, two], others: [two] }), {
    things: [one, two],
    none: [],
    others: [two],
  });
});
