import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KeptReply } from '../../once/kept-reply.ts';
import { callerOf } from '../../testing/call.ts';
import { type FakeMesh, type FakeService, startFakeMesh } from '../../testing/fake-mesh.ts';
import { testTokens, tokenIssuer } from '../../testing/tokens.ts';
import type { GroupsInstance, GroupsSubject } from './subject.ts';

const definition = (slug: string, members: object = {}) => ({
  ...{ id: `0b0b0b0b-0000-4000-8000-00000000000${slug.length}`, slug, name: slug, description: '' },
  ...{ field_type: 'string', required: false, unique: false, default: null, omit_null: false, validation_rules: [] },
  ...members,
});

/** The fields that an operator added to groups, and keyed requests that set their values. */
export function describeFieldsOfGroups({ kind, start }: GroupsSubject): void {
  const { type, plural } = kind;
  const all = `/v2/${plural}`;
  const entries = `/v2/flows/${plural}/entries`;
  const flowWith =
    (...fields: object[]): FakeService =>
    () => ({ status: 200, body: { data: { flow: { id: 'f', slug: plural }, fields } } });
  const newGroup = (given: object = {}) => ({
    data: { type, name: 'N', slug: randomUUID(), status: 'live', ...given },
  });

  describe(`fields of ${plural}`, () => {
    let mesh: FakeMesh;
    let instance: GroupsInstance;
    before(async () => {
      mesh = await startFakeMesh();
      instance = await start(mesh.url);
      await instance.service.ready;
    });
    after(async () => {
      await instance.close();
      mesh.close();
    });
    beforeEach(() => {
      mesh.services = { monolith: tokenIssuer, flows: flowWith() };
    });

    const call = callerOf(() => instance.service.url, `Bearer ${testTokens.admin}`);
    const make = async (given: object = {}) => {
      const { status, body } = await call('POST', all, newGroup(given));
      assert.equal(status, 201, JSON.stringify(body));
      return body.data.id as string;
    };

    test('while flows are away, groups keep the fields that they had', async () => {
      mesh.services = { ...mesh.services, flows: flowWith(definition('note')) };
      const id = await make({ note: 'kept' });
      delete mesh.services.flows;
      const one = await call('GET', `${all}/${id}`);
      assert.equal(one.body.data.note, 'kept');
      assert.doesNotMatch(one.headers.get('x-banyan-missing') ?? '', /flows/);
      assert.equal((await call('PUT', `${all}/${id}`, { data: { note: 'changed' } })).body.data.note, 'changed');
      mesh.services.flows = flowWith();
      assert.equal('note' in (await call('GET', `${all}/${id}`)).body.data, false);
      mesh.services.flows = flowWith(definition('note'));
      assert.equal((await call('GET', `${all}/${id}`)).body.data.note, 'changed');
    });

    test('what a field leads to is left out while its owner is away, and the reply says whose it is', async () => {
      const rules = { field_type: 'relationship', validation_rules: [{ type: 'one-to-one', to: 'maker' }] };
      const field = definition('maker', { ...rules, target: { plural: 'makers', seen_by: 'everyone' } });
      mesh.services.flows = flowWith(field);
      const links: FakeService = () => ({ status: 200, body: { data: [] } });
      mesh.services[kind.members.plural] = links;
      const id = await make();
      const maker = randomUUID();
      await instance.service.store.transaction({}, (changes) =>
        changes.setValues(id, { [field.id]: { id: maker, type: 'maker' } }, new Map(), []),
      );
      const paths = [`${all}/${id}`, `${all}?filter=eq(id,${id})`, `${entries}/${id}`];
      const withMaker = (path: string) => call('GET', `${path}${path.includes('?') ? '&' : '?'}include=maker`);
      for (const path of paths) {
        const { status, headers, body } = await withMaker(path);
        assert.deepEqual([status, headers.get('x-banyan-missing'), 'included' in body], [200, 'makers', false], path);
      }
      mesh.services.makers = () => ({ status: 200, body: { data: [{ id: maker }] } });
      for (const path of paths) {
        const { headers, body } = await withMaker(path);
        assert.deepEqual([headers.get('x-banyan-missing'), body.included], [null, { makers: [{ id: maker }] }], path);
      }
    });

    test('of many groups that take one value of a unique field at once, one has it', async () => {
      mesh.services.flows = flowWith(definition('code', { unique: true }));
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => call('POST', all, newGroup({ code: 'é "1"\n\u2028' }))),
      );
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
    });

    test('of twins with one Idempotency-Key, one sets the values of an entry, and all have its reply', async () => {
      mesh.services.flows = flowWith(definition('note'));
      const id = await make();
      const send = (key: string, members: object) =>
        call('POST', entries, { data: { type: 'entry', ...members } }, { 'idempotency-key': key });
      const twins = await Promise.all(Array.from({ length: 8 }, () => send('twins', { id, note: 'first' })));
      assert.deepEqual([...new Set(twins.map(({ status }) => status))], [201]);
      assert.equal(new Set(twins.map(({ body }) => JSON.stringify(body))).size, 1);
      await call('PUT', `${entries}/${id}`, { data: { type: 'entry', note: 'later' } });
      assert.deepEqual((await send('twins', { id, note: 'first' })).body, twins[0]?.body);
      assert.equal((await call('GET', `${entries}/${id}`)).body.data.note, 'later');
      assert.equal((await send('twins', { id, note: 'other' })).body.errors[0].title, 'Idempotency-Key reused');
      assert.equal((await send('two words', { id })).status, 400);
      const missing = { id: randomUUID(), note: 'x' };
      assert.deepEqual([(await send('none', missing)).status, (await send('none', missing)).status], [404, 404]);
      const owned = await repliesOf(instance, [id, missing.id, '']);
      assert.deepEqual(
        [...owned].map(([owner, { length }]) => [owner, length]),
        [[id, 1]],
      );
    });

    test('forgets replies that are older than a day when it starts', async () => {
      const owner = randomUUID();
      await instance.service.store.transaction({}, ({ replies }) => replies.keep(oldReply, owner));
      assert.equal((await repliesOf(instance, [owner])).size, 1);
      await instance.stop();
      const again = await start(mesh.url, instance.place);
      await again.service.ready;
      await again.service.store.forgetReplies();
      assert.equal((await repliesOf(again, [owner])).size, 0);
      await again.close();
    });
  });
}

const oldReply: KeptReply = {
  ...{ hash: '9'.repeat(64), client: 'c', customer: '', method: 'POST', path: '/', key: 'k' },
  ...{ bodyHash: 'b'.repeat(64), createdAt: 1, status: 201, reply: '{}' },
};

/** Also those that are a day old. */
const repliesOf = ({ service }: GroupsInstance, owners: readonly string[]) =>
  service.store.transaction({}, ({ replies }) => replies.ofOwners(owners, 0));
