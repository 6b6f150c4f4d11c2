import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { epochOf, versionOf } from '@banyan/kit/import';
import { createLogger } from '@banyan/kit/log';
import { openPublisher, type Published, type Publisher, type Relay, startRelay } from '@banyan/kit/messages';
import { type FactsBroker, openFactsBroker, until } from '@banyan/kit/testing';
import type { Pool } from 'pg';
import { attach, detach } from '../monolith/attach.ts';
import { openPool } from '../monolith/database.ts';
import { brands } from '../resources/brands.ts';
import { writeShopEvents } from '../resources/shop-events.ts';
import { type Moving, openMoving } from '../testing/moving.ts';
import { detachFacts } from './capture.ts';
import { monolithFacts } from './feed.ts';

const logger = createLogger({ level: 'silent', service: 'tests' });

describe('the facts of the monolith', () => {
  let moving: Moving;
  let pool: Pool;
  let facts: FactsBroker;
  let publisher: Publisher;
  let relay: Relay | undefined;
  before(async () => {
    moving = await openMoving();
    pool = openPool(moving.monolith.url, () => {});
    facts = await openFactsBroker();
    const { url, prefix } = facts.broker;
    publisher = await openPublisher({ url, prefix, name: 'tests', backOffMs: 5 });
  });
  after(async () => {
    await publisher.close();
    await facts.drop();
    await pool.end();
    await moving.drop();
  });
  beforeEach(async () => {
    facts.received.length = 0;
    relay = start();
    await until('the trigger', isAttached);
  });
  afterEach(async () => {
    await relay?.close();
    await detachFacts(pool, logger);
    await moving.monolith.query('delete from shop_events');
  });

  const feed = () => monolithFacts(moving.monolith.url, [brands]);
  const start = (store: Published = feed()) => startRelay({ store, publisher, logger, pollMs: 20 });
  const isAttached = async () =>
    (await moving.monolith.query("select from pg_trigger where tgname = 'migration_fact'")).length === 1;
  const happen = async (key: string, entityId: string, resources: object = { data: { id: entityId } }) => {
    const [row] = await moving.monolith.query<{ id: string; seq: string }>(
      `insert into shop_events (key, entity_id, resources, created_at)
       values ($1, $2, $3, '2020-01-01T00:00:00.000123Z') returning id, seq`,
      [key, entityId, JSON.stringify(resources)],
    );
    assert.ok(row);
    return { id: row.id, seq: Number(row.seq) };
  };
  const waiting = async () => (await moving.monolith.query('select from migration.facts')).length;
  const received = (count: number) => until(`${count} facts`, () => facts.received.length >= count);

  test('are published under the ids of its events, with what a webhook shows, and leave no note', async () => {
    const resources = { data: { name: 'é \u{1f600} "', large: 0.1 }, included: { items: [] } };
    const made = await happen('order.created', 'o', resources);
    const gone = await happen('cart.deleted', 'c', { type: 'cart', id: 'c' });
    await received(2);
    const common = { typeVersion: 1, occurredAtUs: 1_577_836_800_000_123 };
    assert.deepEqual(facts.received, [
      {
        ...{ id: made.id, type: 'order.created', aggregateId: 'o', aggregateVersion: versionOf(0, made.seq) },
        ...{ ...common, state: resources },
      },
      {
        ...{ id: gone.id, type: 'cart.deleted', aggregateId: 'c', aggregateVersion: versionOf(0, gone.seq) },
        ...{ ...common, state: null },
      },
    ]);
    await until('no note', async () => (await waiting()) === 0);
  });

  for (const empty of ['truncate shop_events restart identity cascade', 'delete from shop_events']) {
    test(`of a shop that a seed has replaced, by ${empty}, do not stand in the way of new ones`, async () => {
      await relay?.close();
      const old = await happen('order.created', 'old');
      await moving.monolith.query(empty);
      await moving.monolith.query("select setval(pg_get_serial_sequence('shop_events', 'seq'), $1, false)", [old.seq]);
      const { id, seq } = await happen('order.created', 'new');
      assert.equal(seq, old.seq);
      relay = start();
      await received(1);
      assert.deepEqual([facts.received.length, facts.received[0]?.id], [1, id]);
      await until('no note', async () => (await waiting()) === 0);
    });
  }

  test('of one aggregate are published in its order, whatever transactions are open beside it', async () => {
    const open = await moving.session();
    await open.query('begin');
    await open.query(
      "insert into shop_events (key, entity_id, resources, created_at) values ('a.b', 'x', '{}', now())",
    );
    for (let n = 0; n < 300; n += 1) await happen('order.updated', 'o');
    await received(300);
    await open.query('commit');
    await open.end();
    await received(301);
    const versions = facts.received.filter(({ aggregateId }) => aggregateId === 'o').map((one) => one.aggregateVersion);
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
    );
  });

  test('have the epoch in which they happened, and keep it when the resource is given up', async () => {
    await happen('brand.updated', 'b');
    await attach(pool, brands, 7);
    await happen('brand.updated', 'b');
    await happen('order.updated', 'o');
    await detach(pool, brands, []);
    await happen('brand.updated', 'b');
    await received(4);
    assert.deepEqual(
      facts.received.map(({ aggregateVersion }) => epochOf(aggregateVersion)),
      [0, 7, 0, 7],
    );
  });

  test('have versions that rise from before the first move to after the way back, although each side counts by itself', async () => {
    await moving.monolith.query("select setval(pg_get_serial_sequence('shop_events', 'seq'), 1000000000)");
    await happen('brand.updated', 'b');
    await attach(pool, brands, 1);
    await happen('brand.updated', 'b');
    // The service owns it: its counter begins with 1.
    const ofService = [versionOf(2, 1), versionOf(2, 2)];
    await pool.query("update migration.ownership set epoch = 3, state = 'owner' where group_name = 'brands'");
    await happen('brand.updated', 'b');
    await received(3);
    const [never, first, back] = facts.received.map(({ aggregateVersion }) => aggregateVersion);
    const inTime = [never, first, ...ofService, back].map(Number);
    assert.deepEqual(
      inTime,
      inTime.toSorted((a, b) => a - b),
    );
    await detach(pool, brands, []);
  });

  test('of the way back are the service’s: they are not published again', async () => {
    const session = await moving.session();
    await session.query('begin');
    await session.query('set local session_replication_role = replica');
    await writeShopEvents(session, [{ key: 'brand.updated', entityId: 'b', version: 5, resources: {} }]);
    await session.query('commit');
    await session.end();
    const { id } = await happen('order.updated', 'o');
    await received(1);
    assert.deepEqual(
      facts.received.map((event) => event.id),
      [id],
    );
  });

  test('are published again, unchanged, when the worker died before it deleted the note', async () => {
    await relay?.close();
    let died = false;
    const real = feed();
    const mortal: Published = {
      ...real,
      outboxFeed: {
        ...real.outboxFeed,
        claim: async () => {
          const claim = await real.outboxFeed.claim();
          if (claim === null || died) return claim;
          const markPublished = async (places: readonly string[]) => {
            if (places.length === 0) return;
            died = true;
            throw new Error('killed');
          };
          return { ...claim, markPublished };
        },
      },
    };
    relay = start(mortal);
    await happen('order.updated', 'o');
    await until('the repetition', () => facts.received.length === 2);
    assert.deepEqual(facts.received[0], facts.received[1]);
    await until('no note', async () => (await waiting()) === 0);
  });

  test('wait while the broker is down, also when the monolith has cleaned its events up', async () => {
    facts.broker.takeDown();
    const { id } = await happen('order.paid', 'o', { data: { id: 'o', text: 'é' } });
    await moving.monolith.query('delete from shop_events');
    assert.equal(await waiting(), 1);
    facts.broker.bringBack();
    await received(1);
    const [event] = facts.received;
    assert.deepEqual(
      [event?.id, event?.type, event?.state, event?.occurredAtUs],
      [id, 'order.paid', { data: { id: 'o', text: 'é' } }, 1_577_836_800_000_123],
    );
    await until('no note', async () => (await waiting()) === 0);
  });

  test('are looked for more often than the relay does', async () => {
    await relay?.close();
    relay = startRelay({ store: feed(), publisher, logger, pollMs: 3_600_000 });
    for (const n of [1, 2]) {
      await happen('order.updated', `o${n}`);
      await received(n);
    }
  });

  test('are published by one worker at a time, and by the next one after it', async () => {
    const second = start();
    await happen('order.updated', 'o');
    await received(1);
    assert.equal(second.published, 0);
    await relay?.close();
    await happen('order.updated', 'o');
    await until('the second worker', () => second.published === 1);
    await second.close();
  });

  test('leave nothing behind in the monolith once they are given up', async () => {
    await relay?.close();
    await happen('order.updated', randomUUID());
    await detachFacts(pool, logger);
    await detachFacts(pool, logger);
    assert.deepEqual(await moving.monolith.query("select from pg_namespace where nspname = 'migration'"), []);
    assert.deepEqual(
      await moving.monolith.query(
        "select from pg_trigger where tgrelid = 'shop_events'::regclass and not tgisinternal",
      ),
      [],
    );
    await happen('order.updated', 'o');
  });
});
