import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type ChangesReply, paths } from '../../import/contract.ts';
import { digestOf } from '../../import/digest.ts';
import { versionOf } from '../../import/version.ts';
import { linksOf } from '../kind.ts';
import type { GroupsInstance, GroupsSubject } from './subject.ts';

const token = 'the token of the migration';

/** How groups and the copy of links move. */
export function describeMovingGroups({ kind, start }: GroupsSubject): void {
  const { plural } = kind;

  describe(`moving ${plural} to the service and back`, () => {
    let instance: GroupsInstance;
    let counter = 0;
    before(async () => {
      instance = await start('http://127.0.0.1:9', { MIGRATION_TOKEN: token });
      await instance.service.ready;
    });
    after(() => instance.close());

    const call = async (method: string, path: string, body?: object, authorization = `Bearer ${token}`) => {
      const reply = await fetch(new URL(path, instance.service.url), {
        method,
        headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await reply.text();
      return { status: reply.status, json: text === '' ? undefined : JSON.parse(text) };
    };
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
    const bring = (id: string, given: object | null) =>
      call('POST', paths.incoming(plural), {
        epoch: 0,
        changes: [{ key: id, version: versionOf(0, ++counter), state: given }],
      });
    const digestAtService = async (id: string) => {
      const { json } = await call('POST', paths.digests(plural), { keys: [id], after: null, to: null, members: true });
      return json.members[0]?.digest;
    };

    test('a group that was brought over has the digest of its state, to the microsecond', async () => {
      const [id, given] = [randomUUID(), state({ parent_id: randomUUID() })];
      assert.deepEqual((await bring(id, given)).json, { outcomes: [{ key: id, outcome: 'applied' }] });
      assert.equal(await digestAtService(id), digestOf(id, given));
      await bring(id, null);
      assert.equal(await digestAtService(id), undefined);
    });

    test('values of fields travel by the id of the field; a group without one has no such member', async () => {
      const [id, given] = [randomUUID(), state({ fields: { [randomUUID()]: 'é "x"', [randomUUID()]: [{ id: 'a' }] } })];
      await bring(id, given);
      assert.equal(await digestAtService(id), digestOf(id, given));
      const { fields: _, ...without } = given as { fields?: object };
      await bring(id, without);
      assert.equal(await digestAtService(id), digestOf(id, without));
      const [{ outcome, reason }] = (await bring(randomUUID(), state({ fields: { x: 1 } }))).json.outcomes;
      assert.equal(outcome, 'refused', reason);
    });

    test('replies to keyed requests travel with their group; a group without one has no such member', async () => {
      const id = randomUUID();
      const reply = (n: number, createdAt = new Date().toISOString().replace('Z', '789Z')) => ({
        ...{ hash: `${n}`.repeat(64), client: 'c', customer: '', method: 'POST', path: `/v2/flows/${plural}/entries` },
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
      assert.equal(await digestAtService(id), digestOf(id, given), 'the others are not');
      await bring(id, null);
      assert.equal(await digestAtService(id), undefined);
      const [{ outcome, reason }] = (await bring(randomUUID(), state({ replies: [] }))).json.outcomes;
      assert.equal(outcome, 'refused', reason);
    });

    test('two groups swap their slugs, one after the other', async () => {
      const [a, b] = [randomUUID(), randomUUID()];
      const [red, blue] = [state(), state()];
      await bring(a, red);
      await bring(b, blue);
      await bring(a, { ...red, slug: blue.slug });
      assert.equal((await call('GET', paths.ownership(plural))).json.displaced, 1);
      await bring(b, { ...blue, slug: red.slug });
      assert.equal((await call('GET', paths.ownership(plural))).json.displaced, 0);
      assert.equal(await digestAtService(a), digestOf(a, { ...red, slug: blue.slug }));
    });

    for (const [what, change] of Object.entries({
      'a status that does not exist': { status: 'gone' },
      'a name that is too long': { name: 'x'.repeat(256) },
      'a time without microseconds': { created_at: '2018-05-10T14:11:32Z' },
    })) {
      test(`${what} is refused with the member, and without its value`, async () => {
        const { json } = await bring(randomUUID(), state(change));
        const [{ outcome, reason }] = json.outcomes;
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
      const { ownership } = (await call('GET', paths.ownership(plural))).json;
      const to = { epoch: ownership.epoch + 1, state: 'owner', wayBack: true };
      assert.equal((await call('PUT', paths.ownership(plural), { from: ownership, to })).status, 200);
      await instance.service.store.transaction({}, async (changes) => {
        await changes.setParent([child], null, null);
        await changes.delete(parent);
      });
      const { changes } = (await call('GET', paths.changes(plural))).json as ChangesReply;
      const states = Object.fromEntries(changes.map((change) => [change.key, change.state]));
      assert.deepEqual(states, { [parent]: null, [child]: { ...given, parent_id: null } });
      await call('PUT', paths.ownership(plural), { from: to, to: { epoch: 0, state: 'follower', wayBack: false } });
    });

    test('links of a product come whole, replace those before, and have the digest of their state', async () => {
      const [product, a, b] = [randomUUID(), ...[randomUUID(), randomUUID()].sort()] as [string, string, string];
      const given = { status: 'live', created_at: '2018-05-10T14:11:32.000123Z', [plural]: [a, b] };
      const bringLinks = async (given: object | null) => {
        const changes = [{ key: product, version: versionOf(0, ++counter), state: given }];
        const { json } = await call('POST', paths.incoming(linksOf(kind)), { epoch: 0, changes });
        return json.outcomes[0].outcome;
      };
      const digest = async () => {
        const range = { after: null, to: null, members: true };
        return (await call('POST', paths.digests(linksOf(kind)), range)).json.members[0]?.digest;
      };
      assert.equal(await bringLinks(given), 'applied');
      assert.equal(await digest(), digestOf(product, given));
      const draft = { ...given, status: 'draft', [plural]: [b] };
      await bringLinks(draft);
      assert.equal(await digest(), digestOf(product, draft));
      assert.equal(await bringLinks({ ...given, [plural]: [] }), 'refused');
      await bringLinks(null);
      assert.equal(await digest(), undefined);
    });

    test('links are read here for some seconds after the worker said that they are in step', async () => {
      const group = randomUUID();
      assert.equal(await instance.service.store.linksOf([group], true), null);
      assert.equal((await call('POST', paths.inStep(linksOf(kind)), {}, 'Bearer wrong')).status, 401);
      assert.equal((await call('POST', paths.inStep(linksOf(kind)))).status, 204);
      assert.deepEqual(await instance.service.store.linksOf([group], true), { ofGroup: new Map(), order: [] });
      assert.equal((await call('POST', paths.inStep('others'))).status, 404);
    });

    test('another credential, or none, gets 401', async () => {
      for (const authorization of ['', 'Bearer another token of the migration', 'Bearer']) {
        const { status, json } = await call('GET', paths.ownership(plural), undefined, authorization);
        assert.deepEqual([status, json.errors[0].status], [401, 401]);
      }
    });

    test('bodies that make no sense get 4xx and change nothing', async () => {
      const id = randomUUID();
      for (const changes of [
        [{ key: id }],
        [{ key: '', version: 1, state: null }],
        'all',
        [{ key: id, version: -1, state: null }],
      ]) {
        const { status } = await call('POST', paths.incoming(plural), { epoch: 0, changes });
        assert.equal(status, 422);
      }
      assert.equal((await call('POST', paths.incoming('others'), { epoch: 0, changes: [] })).status, 404);
      assert.equal((await call('POST', paths.incoming(plural), { epoch: 7, changes: [] })).status, 409);
    });
  });

  test(`a ${plural} service without the credential has none of these paths`, async () => {
    const instance = await start('http://127.0.0.1:9');
    try {
      await instance.service.ready;
      const reply = await fetch(new URL(paths.ownership(plural), instance.service.url), {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(reply.status, 404);
    } finally {
      await instance.close();
    }
  });
}
