import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { digestOf, type State, versionOf } from '@banyan/kit/import';
import type { Pool } from 'pg';
import { attach, detach, refuseUnknownColumns } from '../monolith/attach.ts';
import { applyToMonolith } from '../reverse/reverse.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { carts } from './carts.ts';
import { integrations } from './integrations.ts';
import { notOwner } from './not-owner.ts';

const at = '2018-05-10T14:11:32.000123Z';

describe('integrations and deliveries in the monolith', () => {
  let database: TestMonolith;
  let pool: Pool;
  let counter = 0;
  before(async () => {
    database = await createTestMonolith();
    pool = database.pool;
    await attach(pool, integrations, 1);
  });
  after(() => database?.drop());
  beforeEach(async () => {
    await own('owner');
    for (const table of ['integrations', 'shop_events', 'idempotency_keys', 'migration.notes', 'migration.applied']) {
      await pool.query(`delete from ${table}`);
    }
  });

  const own = (state: 'owner' | 'follower') => pool.query('update migration.ownership set state = $1', [state]);
  const noted = async () => {
    const { rows } = await pool.query<{ key: string }>('delete from migration.notes returning key');
    return [...new Set(rows.map(({ key }) => key))].sort();
  };
  const addIntegration = async (id = randomUUID()) => {
    await pool.query(
      `insert into integrations (id, name, description, integration_type, enabled, observes, url, secret_key, created_at,
         updated_at)
       values ($1, 'Déjà 😀 ', '', 'webhook', true, '{brand.created,order.paid}', 'https://x.example', 'hidden', $2, $2)`,
      [id, at],
    );
    return id;
  };
  const addEvent = async (id = randomUUID(), resources = '{"data":{"id":"b", "n":1.50}}') => {
    await pool.query(
      "insert into shop_events (id, key, entity_id, resources, created_at) values ($1, 'brand.created', 'b', $2, $3)",
      [id, resources, at],
    );
    return id;
  };
  const addJob = async (integration: string, event: string, id = randomUUID()) => {
    await pool.query(
      `insert into integration_jobs (id, integration_id, event_id, next_attempt_at, created_at, updated_at)
       values ($1, $2, $3, $4, $4, $4)`,
      [id, integration, event, at],
    );
    return id;
  };
  const addLog = (job: string, integration: string) =>
    pool.query(
      `insert into integration_logs (job_id, integration_id, attempt, succeeded, processing_time, body, status_code,
         error_detail, created_at)
       values ($1, $2, 1, false, 0.30000000000000004, 'é', 500, 'The reply has status 500', $3)`,
      [job, integration, at],
    );
  const keyed = (id: string) =>
    pool.query(
      `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
       values (decode(md5($1), 'hex'), 'c', '', 'POST', '/v2/integrations', 'k', '', 201, $2, now())`,
      [randomUUID(), JSON.stringify({ data: { id } })],
    );
  const states = async (...keys: string[]) => {
    const { rows } = await pool.query<{ key: string; state: State }>(integrations.states, [keys]);
    return new Map(rows.map(({ key, state }) => [key, state]));
  };
  const bringBack = (key: string, state: State | null) =>
    applyToMonolith(pool, integrations, 1, [{ key, version: versionOf(1, ++counter), state }], 'http://shop.test');

  test('the resource knows every column', () => refuseUnknownColumns(pool, integrations));

  test('a change of an integration, its key, its deliveries and their logs notes what it belongs to', async () => {
    const integration = await addIntegration();
    const [whole, event] = [`integration:${integration}`, await addEvent()];
    assert.deepEqual(await noted(), [whole]);
    const job = await addJob(integration, event);
    assert.deepEqual(await noted(), [`delivery:${job}`]);
    await addLog(job, integration);
    assert.deepEqual(await noted(), [`delivery:${job}`]);
    await keyed(integration);
    assert.deepEqual(await noted(), [whole]);
    await pool.query('delete from integrations');
    assert.deepEqual(await noted(), [`delivery:${job}`, whole]);
    await pool.query('update webhook_turn set one = true');
    await pool.query("update idempotency_keys set path = '/v2/jobs'");
    assert.deepEqual(await noted(), [whole], 'the key has left it');
  });

  test('two resources may note the changes of one table, and each gives up its own', async () => {
    await attach(pool, carts, 1);
    await keyed('11111111-1111-4111-8111-111111111111');
    await pool.query("update idempotency_keys set path = '/v2/carts/c/items'");
    assert.deepEqual(await noted(), ['c', 'integration:11111111-1111-4111-8111-111111111111']);
    await detach(pool, carts, []);
    await pool.query("update idempotency_keys set path = '/v2/integrations'");
    assert.deepEqual(await noted(), ['integration:11111111-1111-4111-8111-111111111111']);
  });

  test('while the service owns them, no delivery is planned or claimed here, and events are forgotten all the same', async () => {
    const integration = await addIntegration();
    await addJob(integration, await addEvent());
    await own('follower');
    for (const statement of [
      'update webhook_turn set one = true',
      'update integration_jobs set attempts = attempts + 1',
      'delete from integration_jobs',
      "update integrations set name = 'x'",
    ]) {
      await assert.rejects(pool.query(statement), (error: { code?: string }) => error.code === notOwner, statement);
    }
    await addEvent();
    await pool.query(
      'delete from shop_events where not exists (select from integration_jobs j where j.event_id = shop_events.id)',
    );
    await pool.query('delete from idempotency_keys');
  });

  test('both kinds are read whole, in the bytewise order of their keys', async () => {
    const [integration, only] = [await addIntegration(), randomUUID()];
    const ids = [integration, await addIntegration(), only];
    await keyed(only);
    for (const event of [await addEvent(), await addEvent()]) await addJob(integration, event);
    const all: string[] = [];
    for (let last: string | null = null; ; last = all.at(-1) ?? null) {
      const { rows } = await pool.query<{ key: string }>(integrations.keys, [last, 2]);
      all.push(...rows.map(({ key }) => key));
      if (rows.length < 2) break;
    }
    assert.deepEqual(all, [...all].sort());
    assert.ok(ids.every((id) => all.includes(`integration:${id}`)));
    const found = await states(...all, `integration:${randomUUID()}`, `delivery:${randomUUID()}`);
    assert.deepEqual([...found.keys()].sort(), all);
  });

  test('what comes back has the digest that it had, and leaves nothing behind when it is deleted', async () => {
    const integration = await addIntegration();
    await keyed(integration);
    const event = await addEvent();
    const job = await addJob(integration, event);
    await addLog(job, integration);
    const keys = [`delivery:${job}`, `integration:${integration}`];
    const before = await states(...keys);
    assert.equal(before.get(keys[0] ?? '')?.resources, '{"data":{"id":"b", "n":1.50}}', 'the text itself');
    for (const table of ['integrations', 'shop_events', 'idempotency_keys']) await pool.query(`delete from ${table}`);
    await own('follower');
    for (const key of keys) await bringBack(key, before.get(key) ?? null);
    const later = await states(...keys);
    for (const key of keys)
      assert.equal(digestOf(key, later.get(key) ?? {}), digestOf(key, before.get(key) ?? {}), key);
    const { rows } = await pool.query('select dispatched_at is not null as dispatched from shop_events where id = $1', [
      event,
    ]);
    assert.deepEqual(rows, [{ dispatched: true }], 'the service has planned it');
    for (const key of keys) await bringBack(key, null);
    for (const table of ['integrations', 'integration_jobs', 'integration_logs']) {
      assert.equal((await pool.query(`select from ${table}`)).rowCount, 0, table);
    }
  });

  test('a delivery sends what its planner heard, although the event is told differently here', async () => {
    const integration = await addIntegration();
    const event = await addEvent();
    const job = await addJob(integration, event);
    const key = `delivery:${job}`;
    const state = (await states(key)).get(key) as State;
    await own('follower');
    const heard = { ...state, resources: '{"data":{"id":"b","n":2}}' };
    await bringBack(key, heard);
    assert.equal(digestOf(key, (await states(key)).get(key) ?? {}), digestOf(key, heard));
    const { rows } = await pool.query("select resources ->> 'data' as data from shop_events where id = $1", [event]);
    assert.deepEqual(rows, [{ data: '{"id":"b", "n":1.50}' }]);
    const done = { ...heard, status: 'delivered', resources: null };
    await bringBack(key, done);
    assert.equal(digestOf(key, (await states(key)).get(key) ?? {}), digestOf(key, done));
  });

  test('changes of integrations that come back are told of without the secret key, and deliveries are not', async () => {
    const integration = await addIntegration();
    const job = await addJob(integration, await addEvent());
    const [key, delivery] = [`integration:${integration}`, `delivery:${job}`];
    const before = (await states(key)).get(key) as State & { integration: object };
    await own('follower');
    await pool.query('delete from shop_events where not exists (select from integration_jobs)');
    await bringBack(delivery, { ...((await states(delivery)).get(delivery) as State), attempts: 1 });
    await bringBack(key, { ...before, integration: { ...before.integration, name: 'Other' } });
    await bringBack(key, null);
    const { rows } = await pool.query<{ key: string; resources: { data?: { links: object; configuration: object } } }>(
      "select key, resources from shop_events where key like 'integration%' order by seq",
    );
    assert.deepEqual(
      rows.map((row) => row.key),
      ['integration.updated', 'integration.deleted'],
    );
    assert.deepEqual(rows[0]?.resources.data?.configuration, { url: 'https://x.example' });
    assert.deepEqual(rows[0]?.resources.data?.links, { self: `http://shop.test/v2/integrations/${integration}` });
    assert.deepEqual(rows[1]?.resources, { type: 'integration', id: integration });
  });
});
