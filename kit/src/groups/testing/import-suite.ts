import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { paths } from '../../import/contract.ts';
import { digestOf, type State } from '../../import/digest.ts';
import { describeImportPaths } from '../../testing/import-paths.ts';
import { migrationToken, moverOf } from '../../testing/mover.ts';
import { linksOf } from '../kind.ts';
import type { GroupsInstance, GroupsSubject } from './subject.ts';

/** How groups and the copy of links move. */
export function describeMovingGroups({ kind, start }: GroupsSubject): void {
  const { plural } = kind;
  const links = linksOf(kind);

  describe(`moving ${plural} to the service and back`, () => {
    let instance: GroupsInstance;
    before(async () => {
      instance = await start('http://127.0.0.1:9', { MIGRATION_TOKEN: migrationToken });
      await instance.service.ready;
    });
    after(() => instance.close());

    const mover = moverOf(() => instance.service.url, plural);
    const ofLinks = moverOf(() => instance.service.url, links);
    const { bring, digest } = mover;
    const state = (change: object = {}): State => ({
      parent_id: null,
      name: 'Déjà vu 😀',
      slug: randomUUID(),
      description: 'text with a trailing blank ',
      status: 'live',
      created_at: '2018-05-10T14:11:32.000123Z',
      updated_at: '2018-05-10T14:11:32.999999Z',
      ...change,
    });

    test('a group that was brought over has the digest of its state, to the microsecond', async () => {
      const [id, given] = [randomUUID(), state({ parent_id: randomUUID() })];
      assert.deepEqual(await bring(id, given), { key: id, outcome: 'applied' });
      assert.equal(await digest(id), digestOf(id, given));
      await bring(id, null);
      assert.equal(await digest(id), undefined);
    });

    test('ranges of keys are in bytewise order', async () => {
      const ids = ['1', '2', '3'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
      for (const id of ids) await bring(id, state());
      const between = await mover.digests({ after: ids[0] ?? '', to: ids[2] ?? '' });
      assert.deepEqual(
        between.map(({ key }) => key).filter((key) => ids.includes(key)),
        ids.slice(1),
      );
    });

    test('values of fields travel by the id of the field; a group without one has no such member', async () => {
      const fields = { [randomUUID()]: 'é "x"', [randomUUID()]: [{ id: 'a' }] };
      const [id, without] = [randomUUID(), state()];
      await bring(id, { ...without, fields });
      assert.equal(await digest(id), digestOf(id, { ...without, fields }));
      await bring(id, without);
      assert.equal(await digest(id), digestOf(id, without));
      const { outcome, reason } = await bring(randomUUID(), state({ fields: { x: 1 } }));
      assert.equal(outcome, 'refused', reason);
    });

    test('replies to keyed requests travel with their group; a group without one has no such member', async () => {
      const reply = (n: number, createdAt = new Date().toISOString().replace('Z', '789Z')) => ({
        ...{ hash: `${n}`.repeat(64), client: 'c', customer: '', method: 'POST', path: `/v2/flows/${plural}/entries` },
        ...{ key: 'k', body_hash: 'b'.repeat(64), status: 201, reply: '{"data":{"é":"x"}}', created_at: createdAt },
      });
      const [id, given] = [randomUUID(), state({ replies: [reply(1), reply(2)] })];
      await bring(id, given);
      assert.equal(await digest(id), digestOf(id, given));
      const replies = [reply(3), reply(4, '2018-05-10T14:11:32.000123Z')];
      const [other, another] = [randomUUID(), state({ replies })];
      await bring(other, another);
      const left = { ...another, replies: replies.slice(0, 1) };
      assert.equal(await digest(other), digestOf(other, left), 'one is older than a day');
      await instance.service.store.forgetReplies();
      assert.equal(await digest(id), digestOf(id, given), 'the others are not');
      await bring(id, null);
      assert.equal(await digest(id), undefined);
      const { outcome, reason } = await bring(randomUUID(), state({ replies: [] }));
      assert.equal(outcome, 'refused', reason);
    });

    test('two groups swap their slugs, one after the other', async () => {
      const [a, b] = [randomUUID(), randomUUID()];
      const [red, blue] = [state(), state()];
      await bring(a, red);
      await bring(b, blue);
      await bring(a, { ...red, slug: blue.slug });
      assert.equal(await mover.displaced(), 1);
      await bring(b, { ...blue, slug: red.slug });
      assert.equal(await mover.displaced(), 0);
      assert.equal(await digest(a), digestOf(a, { ...red, slug: blue.slug }));
    });

    for (const [what, change] of Object.entries({
      'a status that does not exist': { status: 'gone' },
      'a name that is too long': { name: 'x'.repeat(256) },
      'a time without microseconds': { created_at: '2018-05-10T14:11:32Z' },
    })) {
      test(`${what} is refused with the member, and without its value`, async () => {
        const { outcome, reason } = await bring(randomUUID(), state(change));
        assert.equal(outcome, 'refused');
        assert.match(reason ?? '', new RegExp(Object.keys(change)[0] ?? ''));
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
      const states = Object.fromEntries((await mover.changes()).map((change) => [change.key, change.state]));
      assert.deepEqual(states, { [parent]: null, [child]: { ...given, parent_id: null } });
      await mover.followAgain();
    });

    test('links of a member come whole, replace those before, and have the digest of their state', async () => {
      const [member, a, b] = [randomUUID(), ...[randomUUID(), randomUUID()].sort()] as [string, string, string];
      const given = { status: 'live', created_at: '2018-05-10T14:11:32.000123Z', [plural]: [a, b] };
      const outcomeOf = async (given: State | null) => (await ofLinks.bring(member, given)).outcome;
      const all = async () => (await ofLinks.digests({}))[0]?.digest;
      assert.equal(await outcomeOf(given), 'applied');
      assert.equal(await all(), digestOf(member, given));
      const draft = { ...given, status: 'draft', [plural]: [b] };
      await outcomeOf(draft);
      assert.equal(await all(), digestOf(member, draft));
      assert.equal(await outcomeOf({ ...given, [plural]: [] }), 'refused');
      await outcomeOf(null);
      assert.equal(await all(), undefined);
    });

    test('links are read here for some seconds after the worker said that they are in step', async () => {
      const { call } = mover;
      const { linksOf: linksHere } = instance.service.store;
      const [group, live, draft] = [randomUUID(), randomUUID(), randomUUID()];
      const ofMember = (status: string, created_at: string) => ({ status, created_at, [plural]: [group] });
      await ofLinks.bring(live, ofMember('live', '2018-05-10T14:11:32.000002Z'));
      await ofLinks.bring(draft, ofMember('draft', '2018-05-10T14:11:32.000001Z'));
      assert.equal(await linksHere([group], true), null);
      const wrong = { authorization: 'Bearer wrong' };
      assert.equal((await call('POST', paths.inStep(links), {}, wrong)).status, 401);
      assert.equal((await call('POST', paths.inStep(links))).status, 204);
      const shown = (...order: string[]) => ({ ofGroup: new Map([[group, order]]), order });
      assert.deepEqual(await linksHere([group], true), shown(live));
      assert.deepEqual(await linksHere([group], false), shown(draft, live), 'in the order of creation');
      assert.deepEqual(await linksHere([randomUUID()], false), { ofGroup: new Map(), order: [] });
      assert.equal((await call('POST', paths.inStep('others'))).status, 404);
    });
  });

  describeImportPaths(plural, (env) => start('http://127.0.0.1:9', env));
}
