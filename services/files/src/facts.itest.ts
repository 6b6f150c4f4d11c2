import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { factId } from '@banyan/kit/facts';
import {
  type FactsBroker,
  type FakeMesh,
  openFactsBroker,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import { type Instance, startInstance } from './testing.ts';
import { filePart, formBody, formType } from './testing-forms.ts';

describe('facts about files', () => {
  let mesh: FakeMesh;
  let facts: FactsBroker;
  let files: Instance;
  before(async () => {
    mesh = await startFakeMesh({ monolith: tokenIssuer });
    facts = await openFactsBroker();
    files = await startInstance(mesh.url, facts.env);
    await files.service.ready;
  });
  after(async () => {
    await files.close();
    await facts.drop();
    mesh.close();
  });

  test('a file is told of when it is made and when it is deleted, with the trace; a refusal is not', async () => {
    const authorization = `Bearer ${testTokens.admin}`;
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const headers = { authorization, 'content-type': formType, traceparent };
    const url = `${files.service.url}/v2/files`;
    const made = await fetch(url, { method: 'POST', headers, body: formBody([filePart('told')]) });
    const body = JSON.parse(await made.text());
    assert.equal((await fetch(url, { method: 'POST', headers, body: formBody([]) })).status, 422);
    const { id } = body.data;
    for (const status of [204, 404]) {
      assert.equal((await fetch(`${url}/${id}`, { method: 'DELETE', headers: { authorization } })).status, status);
    }
    await until('two facts', () => facts.received.length >= 2);
    assert.deepEqual(
      facts.received.map(({ type, aggregateId, state }) => ({ type, aggregateId, state })),
      [
        { type: 'file.created', aggregateId: id, state: body },
        { type: 'file.deleted', aggregateId: id, state: null },
      ],
    );
    assert.deepEqual(facts.received[0]?.trace, { traceparent });
    for (const { id: one, type, aggregateId, aggregateVersion } of facts.received) {
      assert.equal(one, factId(type, aggregateId, aggregateVersion));
    }
  });
});
