import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type ChangesReply, digestOf, paths, versionOf } from '@banyan/kit/import';
import { deliveryKey, integrationKey, parseKey } from './aggregate-keys.ts';
import { integrationsImport } from './import.ts';
import { type Instance, startInstance } from './testing.ts';
import { deliveryId } from './webhooks/uuid5.ts';

const token = 'the token of the migration';
const name = 'integrations';

describe('moving integrations and deliveries to the service and back', () => {
  let instance: Instance;
  let counter = 0;
  before(async () => {
    instance = await startInstance('http://127.0.0.1:9', { MIGRATION_TOKEN: token });
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
  const reply = () => ({
    ...{
      hash: randomUUID().replaceAll('-', '').repeat(2),
      client: 'client_credentials c',
      customer: '',
      method: 'POST',
    },
    ...{ path: '/v2/integrations', key: 'k', body_hash: '0'.repeat(64), status: 201, reply: '{"data":{"id":"x"}}' },
    created_at: new Date().toISOString().replace('Z', '123Z'),
  });
  const integration = (change: object = {}, replies: object[] = []) => ({
    integration: {
      ...{
        name: 'Déjà vu 😀',
        description: 'a trailing blank ',
        enabled: true,
        observes: ['brand.created', 'order.paid'],
      },
      ...{ url: 'https://hooks.example.com/', secret_key: 'hidden secret' },
      ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z' },
      ...change,
    },
    replies,
  });
  const log = (attempt: number) => ({
    ...{ id: randomUUID(), attempt, succeeded: false, processing_time: 0.1 + 0.2, body: 'é\n', status_code: 500 },
    ...{ error_detail: 'The reply has status 500', created_at: `2018-05-10T14:11:3${attempt}.000001Z` },
  });
  const delivery = (integrationId: string, change: object = {}) => ({
    ...{ integration_id: integrationId, event_id: randomUUID(), entity_id: 'a cart', key: 'brand.created' },
    ...{ resources: '{ "data": {"b":1, "a":[1.50]} }', status: 'pending', attempts: 2, leased_until: null },
    next_attempt_at: '2099-01-01T00:00:00.000000Z',
    ...{ created_at: '2018-05-10T14:11:32.000123Z', updated_at: '2018-05-10T14:11:32.999999Z', logs: [log(1), log(2)] },
    ...change,
  });
  const bring = (key: string, state: object | null) =>
    call('POST', paths.incoming(name), {
      epoch: 0,
      changes: [{ key, version: versionOf(0, ++counter), state }],
    });
  const digestAtService = async (key: string) => {
    const { json } = await call('POST', paths.digests(name), { keys: [key], after: null, to: null, members: true });
    return json.members[0]?.digest;
  };

  test('an integration with its replies has the digest of its state, to the microsecond', async () => {
    const key = integrationKey(randomUUID());
    for (const given of [
      integration({}, [reply()]),
      integration({ secret_key: null, name: 'other' }),
      { integration: null, replies: [reply()] },
    ]) {
      assert.deepEqual((await bring(key, given)).json, { outcomes: [{ key, outcome: 'applied' }] });
      // A reply that was brought stays for its day, whatever becomes of the integration.
      const [kept] = given.replies;
      if (kept !== undefined && given.integration !== null)
        assert.equal(await digestAtService(key), digestOf(key, given));
    }
    await bring(key, null);
    assert.deepEqual(await instance.database.query('select from integrations'), []);
  });

  test('a delivery with its logs has the digest of its state, and is gone with all of them', async () => {
    const id = randomUUID();
    const key = deliveryKey(id);
    const owner = randomUUID();
    for (const given of [
      delivery(owner),
      delivery(owner, { leased_until: '2099-01-01T00:00:00.000001Z', logs: [log(3)] }),
      delivery(owner, { status: 'delivered', resources: null, logs: [] }),
    ]) {
      await bring(key, given);
      assert.equal(await digestAtService(key), digestOf(key, given));
    }
    await bring(key, delivery(owner));
    await bring(key, null);
    assert.equal(await digestAtService(key), undefined);
    assert.deepEqual(await instance.database.query('select from delivery_logs where delivery_id = $1', [id]), []);
  });

  test('keys of both kinds are in bytewise order, in chunks and ranges of any size', async () => {
    const keys = Array.from({ length: 7 }, (_, n) => (n % 2 ? integrationKey : deliveryKey)(randomUUID()));
    for (const key of keys) {
      await bring(key, parseKey(key)?.kind === 'integration' ? integration() : delivery(randomUUID()));
    }
    const { service } = instance;
    const all = await service.store.db.transaction((tx) => listed(tx, null, null, 1_000));
    assert.deepEqual(all, [...all].sort());
    assert.ok(keys.every((key) => all.includes(key)));
    const chunks: string[] = [];
    for (let last: string | null = null; ; last = chunks.at(-1) ?? null) {
      const chunk: string[] = await service.store.db.transaction((tx) => listed(tx, last, null, 2));
      chunks.push(...chunk);
      if (chunk.length < 2) break;
    }
    assert.deepEqual(chunks, all);
    const [from = '', to = ''] = [all[1], all.at(-2)];
    assert.deepEqual(await service.store.db.transaction((tx) => listed(tx, from, to, 1_000)), all.slice(2, -1));
  });

  for (const [what, kind, state] of [
    ['a status that does not exist', 'delivery', delivery(randomUUID(), { status: 'gone' })],
    ['a time without microseconds', 'delivery', delivery(randomUUID(), { created_at: '2018-05-10T14:11:32Z' })],
    ['an integration without a URL', 'integration', integration({ url: null })],
  ] as const) {
    test(`${what} is refused, without its value`, async () => {
      const { json } = await bring((kind === 'delivery' ? deliveryKey : integrationKey)(randomUUID()), state);
      assert.equal(json.outcomes[0].outcome, 'refused');
      assert.doesNotMatch(JSON.stringify(json), /hidden|gone/);
    });
  }

  test('as the owner it notes what it writes, and a delivery that was brought is planned only once', async () => {
    const { service, database } = instance;
    const id = randomUUID();
    const event = { id: randomUUID(), type: 'brand.created', typeVersion: 1, aggregateId: 'a', aggregateVersion: 1 };
    const fact = { ...event, state: { data: { id: 'a' } }, occurredAtUs: Date.now() * 1_000 };
    await service.hear(fact);
    const key = deliveryKey(deliveryId(event.id, id));
    await bring(integrationKey(id), integration({ enabled: true, url: 'http://127.0.0.1:9/' }));
    await bring(key, delivery(id, { event_id: event.id, status: 'delivered', resources: null }));
    assert.deepEqual(await database.query('select planned from heard_events where id = $1', [event.id]), [
      { planned: true },
    ]);
    const from = (await call('GET', paths.ownership(name))).json.ownership;
    await call('PUT', paths.ownership(name), { from, to: { epoch: 1, state: 'owner', wayBack: true } });
    await service.hear(fact);
    const next = { ...fact, id: randomUUID() };
    await service.hear(next);
    const planned = deliveryKey(deliveryId(next.id, id));
    const { changes } = (await call('GET', paths.changes(name))).json as ChangesReply;
    const noted = changes.map((change) => change.key);
    assert.ok(noted.includes(planned));
    assert.ok(!noted.includes(key));
    assert.doesNotMatch(instance.lines.join(''), /hidden secret/);
  });

  test('the paths of the migration take its credential only', async () => {
    assert.equal((await call('GET', paths.changes(name), undefined, 'Bearer wrong')).status, 401);
  });

  async function listed(tx: unknown, from: string | null, to: string | null, limit: number): Promise<string[]> {
    const { keys } = integrationsImport(Date.now);
    return keys(tx as Parameters<typeof keys>[0], { after: from, to, limit });
  }
});
