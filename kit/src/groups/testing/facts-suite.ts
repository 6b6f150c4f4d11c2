import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Compile } from '../../../vendor/typebox.js';
import { factId } from '../../store/facts.ts';
import { callerOf } from '../../testing/call.ts';
import { type FakeMesh, startFakeMesh } from '../../testing/fake-mesh.ts';
import { type FactsBroker, openFactsBroker } from '../../testing/received-facts.ts';
import { testTokens, tokenIssuer } from '../../testing/tokens.ts';
import { until } from '../../testing/until.ts';
import { groupFactSchema } from '../contract.ts';
import type { GroupsInstance, GroupsSubject } from './subject.ts';

/** What a service of groups tells the others, over a real broker. */
export function describeFactsOfGroups({ kind, start }: GroupsSubject): void {
  const { type, plural } = kind;
  const all = `/v2/${plural}`;

  describe(`facts about ${plural}`, () => {
    let mesh: FakeMesh;
    let facts: FactsBroker;
    let instance: GroupsInstance;
    before(async () => {
      mesh = await startFakeMesh();
      mesh.services = {
        monolith: tokenIssuer,
        [kind.members.plural]: () => ({ status: 200, body: { data: [] } }),
        flows: () => ({ status: 200, body: { data: { flow: null, fields: [] } } }),
      };
      facts = await openFactsBroker();
      instance = await start(mesh.url, facts.env);
      await instance.service.ready;
    });
    after(async () => {
      await instance.close();
      await facts.drop();
      mesh.close();
    });
    beforeEach(() => {
      facts.received.length = 0;
    });

    const send = callerOf(() => instance.service.url, `Bearer ${testTokens.admin}`);
    const call = async (...asked: Parameters<typeof send>) => {
      const { status, body } = await send(...asked);
      assert.ok(status < 300, JSON.stringify(body));
      return body;
    };
    const make = async (headers: Record<string, string> = {}) =>
      (await call('POST', all, { data: { type, name: 'N', slug: randomUUID() } }, headers)).data.id as string;
    const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);
    const told = () => facts.received.map((fact) => `${fact.type} ${fact.aggregateId}`);

    test('a group that is made, changed and deleted is told of, as the API shows it, with the trace and the deadline', async () => {
      const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
      const id = await make({ traceparent, 'x-request-timeout-ms': '60000' });
      const made = await call('GET', `${all}/${id}`);
      await call('PUT', `${all}/${id}`, { data: { name: 'Other', status: 'live' } });
      const changed = await call('GET', `${all}/${id}`);
      await call('DELETE', `${all}/${id}`);
      await received(3);
      const [first, second, third] = facts.received;
      assert.deepEqual(told(), [`${type}.created ${id}`, `${type}.updated ${id}`, `${type}.deleted ${id}`]);
      assert.deepEqual([first?.state, second?.state, third?.state], [made, changed, null]);
      assert.ok(Compile(groupFactSchema(kind)).Check(first?.state));
      assert.deepEqual(first?.trace, { traceparent });
      assert.ok(Math.abs((first?.deadlineMs ?? 0) - Date.now() - 30_000) < 30_000);
      for (const fact of facts.received) {
        assert.equal(fact.id, factId(fact.type, fact.aggregateId, fact.aggregateVersion));
      }
      const versions = facts.received.map(({ aggregateVersion }) => aggregateVersion);
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
    });

    test('a change of the tree tells of each group once, with its family as it is then', async () => {
      const [parent, child, other] = [await make(), await make(), await make()];
      await received(3);
      facts.received.length = 0;
      const children = { data: [child, other].map((id) => ({ type, id })) };
      await call('PUT', `${all}/${parent}/relationships/children`, children);
      await received(3);
      assert.deepEqual(new Set(told()), new Set([parent, child, other].map((id) => `${type}.updated ${id}`)));
      for (const { aggregateId, state } of facts.received) {
        assert.deepEqual(state, await call('GET', `${all}/${aggregateId}`));
      }
      facts.received.length = 0;
      await call('DELETE', `${all}/${parent}`);
      await received(3);
      assert.deepEqual(
        new Set(told()),
        new Set([`${type}.deleted ${parent}`, `${type}.updated ${child}`, `${type}.updated ${other}`]),
      );
    });

    test('a write that fails tells nothing', async () => {
      const id = await make();
      const { slug } = (await call('GET', `${all}/${id}`)).data;
      assert.equal((await send('POST', all, { data: { type, name: 'Twin', slug } })).status, 422);
      await call('PUT', `${all}/${id}`, { data: { name: 'Last' } });
      await received(2);
      assert.deepEqual(told(), [`${type}.created ${id}`, `${type}.updated ${id}`]);
    });
  });
}
