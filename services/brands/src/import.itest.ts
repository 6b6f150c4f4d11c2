import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { digestOf, paths, type State } from '@banyan/kit/import';
import { describeImportPaths, migrationToken, moverOf } from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';

describe('moving brands to the service and back', () => {
  let instance: Instance;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
    await instance.service.ready;
  });
  after(() => instance.close());

  const state = (change: object = {}) => ({
    parent_id: null,
    name: 'Déjà vu 😀',
    slug: randomUUID(),
    description: 'text with a trailing blank ',
    status: 'live',
    created_at: '2018-05-10T14:11:32.000123Z',
    updated_at: '2018-05-10T14:11:32.999999Z',
    ...change,
  });
  const mover = moverOf(() => instance.service.url, 'brands');
  const { bring, digest: digestAtService, displaced } = mover;

  test('a brand that was brought over has the digest of its state, to the microsecond', async () => {
    const [id, given] = [randomUUID(), state({ parent_id: randomUUID() })];
    assert.deepEqual(await bring(id, given), { key: id, outcome: 'applied' });
    assert.equal(await digestAtService(id), digestOf(id, given));
    await bring(id, null);
    assert.equal(await digestAtService(id), undefined);
  });

  test('values of fields travel by the id of the field; a brand without one has no such member', async () => {
    const [id, given] = [randomUUID(), state({ fields: { [randomUUID()]: 'é "x"', [randomUUID()]: [{ id: 'a' }] } })];
    await bring(id, given);
    assert.equal(await digestAtService(id), digestOf(id, given));
    const { fields: _, ...without } = given as { fields?: object };
    await bring(id, without);
    assert.equal(await digestAtService(id), digestOf(id, without));
    const { outcome, reason } = await bring(randomUUID(), state({ fields: { x: 1 } }));
    assert.equal(outcome, 'refused', reason);
  });

  test('replies to keyed requests travel with their brand; a brand without one has no such member', async () => {
    const id = randomUUID();
    const reply = (n: number, createdAt = new Date().toISOString().replace('Z', '789Z')) => ({
      ...{ hash: `${n}`.repeat(64), client: 'c', customer: '', method: 'POST', path: '/v2/flows/brands/entries' },
      ...{ key: 'k', body_hash: 'b'.repeat(64), status: 201, reply: '{"data":{"é":"x"}}', created_at: createdAt },
    });
    const given = state({ replies: [reply(1), reply(2)] });
    await bring(id, given);
    assert.equal(await digestAtService(id), digestOf(id, given));
    const replies = [reply(3), reply(4, '2018-05-10T14:11:32.000123Z')];
    const another = state({ replies });
    const other = randomUUID();
    await bring(other, another);
    const left = { ...another, replies: replies.slice(0, 1) };
    assert.equal(await digestAtService(other), digestOf(other, left), 'one is older than a day');
    await instance.service.store.forgetReplies();
    const rows = await instance.database.query('select hash from keyed_replies order by hash');
    assert.deepEqual(
      rows,
      [1, 2, 3].map((n) => ({ hash: `${n}`.repeat(64) })),
    );
    await bring(id, null);
    assert.equal(await digestAtService(id), undefined);
    const { outcome, reason } = await bring(randomUUID(), state({ replies: [] }));
    assert.equal(outcome, 'refused', reason);
  });

  test('two brands swap their slugs, one after the other', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const [red, blue] = [state(), state()];
    await bring(a, red);
    await bring(b, blue);
    await bring(a, { ...red, slug: blue.slug });
    assert.equal(await displaced(), 1);
    await bring(b, { ...blue, slug: red.slug });
    assert.equal(await displaced(), 0);
    assert.equal(await digestAtService(a), digestOf(a, { ...red, slug: blue.slug }));
  });

  for (const [what, change] of Object.entries({
    'a status that does not exist': { status: 'gone' },
    'a name that is too long': { name: 'x'.repeat(256) },
    'a time without microseconds': { created_at: '2018-05-10T14:11:32Z' },
  })) {
    test(`${what} is refused with the member, and without its value`, async () => {
      const { outcome, reason = '' } = await bring(randomUUID(), state(change));
      assert.equal(outcome, 'refused');
      assert.match(reason, new RegExp(Object.keys(change)[0] ?? ''));
    });
  }

  test('a service that follows refuses its own writes as misdirected', async () => {
    await assert.rejects(
      instance.service.store.transaction({}, (changes) => changes.delete(randomUUID())),
      { code: 'misdirected' },
    );
  });

  test('what the service writes as the owner goes back, deletes of parents with their children', async () => {
    const [parent, child] = [randomUUID(), randomUUID()];
    const given = state({ parent_id: parent });
    await bring(parent, state());
    await bring(child, given);
    await mover.switchHere();
    await instance.service.store.transaction({}, async (changes) => {
      await changes.setParent([child], null, null);
      await changes.delete(parent);
    });
    const changes = await mover.changes();
    const states = Object.fromEntries(changes.map((change) => [change.key, change.state]));
    assert.deepEqual(states, { [parent]: null, [child]: { ...given, parent_id: null } });
    await mover.followAgain();
  });

  test('links of a product come whole, replace those before, and have the digest of their state', async () => {
    const [product, a, b] = [randomUUID(), ...[randomUUID(), randomUUID()].sort()] as [string, string, string];
    const given = { status: 'live', created_at: '2018-05-10T14:11:32.000123Z', brands: [a, b] };
    const links = moverOf(instance.service.url, 'brand-links');
    const bringLinks = async (given: object | null) => (await links.bring(product, given as State | null)).outcome;
    const digest = () => links.digest(product);
    assert.equal(await bringLinks(given), 'applied');
    assert.equal(await digest(), digestOf(product, given));
    const draft = { ...given, status: 'draft', brands: [b] };
    await bringLinks(draft);
    assert.equal(await digest(), digestOf(product, draft));
    assert.equal(await bringLinks({ ...given, brands: [] }), 'refused');
    await bringLinks(null);
    assert.equal(await digest(), undefined);
  });

  test('links are read here for some seconds after the worker said that they are in step', async () => {
    const brand = randomUUID();
    assert.equal(await instance.service.store.linksOf([brand], true), null);
    assert.equal(
      (await mover.call('POST', paths.inStep('brand-links'), {}, { authorization: 'Bearer wrong' })).status,
      401,
    );
    assert.equal((await mover.call('POST', paths.inStep('brand-links'))).status, 204);
    assert.deepEqual(await instance.service.store.linksOf([brand], true), { ofBrand: new Map(), order: [] });
    assert.equal((await mover.call('POST', paths.inStep('others'))).status, 404);
  });
});

describeImportPaths('brands', (env) => startInstance('http://127.0.0.1:9', env));
