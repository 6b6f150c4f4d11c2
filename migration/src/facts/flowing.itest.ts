import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { createLogger } from '@banyan/kit/log';
import { openPublisher, startRelay } from '@banyan/kit/messages';
import { type FactsBroker, openFactsBroker, until } from '@banyan/kit/testing';
import type { Pool } from 'pg';
import { openPool } from '../monolith/database.ts';
import { brands } from '../resources/brands.ts';
import { type Moving, openMoving } from '../testing/moving.ts';
import { detachFacts } from './capture.ts';
import { monolithFacts } from './feed.ts';
import { factsFault } from './flowing.ts';

const logger = createLogger({ level: 'silent', service: 'tests' });

describe('whether facts travel', () => {
  let moving: Moving;
  let pool: Pool;
  let facts: FactsBroker;
  before(async () => {
    [moving, facts] = await Promise.all([openMoving(), openFactsBroker()]);
    pool = openPool(moving.monolith.url, () => {});
  });
  after(async () => {
    await facts.drop();
    await pool.end();
    await moving.drop();
  });
  afterEach(() => detachFacts(pool, logger));

  const broker = () => ({ url: facts.broker.url, prefix: facts.broker.prefix });
  /** Publishes as the worker does, until `work` has ended. */
  async function whilePublishing(work: () => Promise<void>): Promise<void> {
    const publisher = await openPublisher({ ...broker(), name: 'tests' });
    const store = monolithFacts(moving.monolith.url, [brands]);
    const relay = startRelay({ store, publisher, logger, pollMs: 20 });
    try {
      await until('the trigger', async () => {
        return (await moving.monolith.query("select from pg_trigger where tgname = 'migration_fact'")).length === 1;
      });
      await work();
    } finally {
      await relay.close();
      await publisher.close();
    }
  }

  test('a worker without a broker says that, and what to do', async () => {
    assert.match((await factsFault(null, pool)()) ?? '', /this worker has no RABBITMQ_URL.*: give the worker/);
  });

  test('a worker that publishes has no fault, and the check leaves nothing in the broker', async () => {
    await whilePublishing(async () => {
      assert.equal(await factsFault(broker(), pool)(), null);
      assert.equal(await factsFault(broker(), pool)(), null);
    });
    assert.deepEqual(facts.received, []);
  });

  test('a broker that is down is a fault', async () => {
    await whilePublishing(async () => {
      facts.broker.takeDown();
      try {
        assert.match((await factsFault(broker(), pool, 500)()) ?? '', /^the broker does not confirm: /);
      } finally {
        facts.broker.bringBack();
      }
    });
  });

  test('events that are not noted, or that wait, are a fault', async () => {
    assert.match((await factsFault(broker(), pool)()) ?? '', /^events of the monolith are not noted yet/);
    await whilePublishing(async () => {});
    await moving.monolith.query(
      "insert into shop_events (key, entity_id, resources, created_at) values ('order.paid', 'o', '{}', now() - interval '90 s')",
    );
    assert.match((await factsFault(broker(), pool)()) ?? '', /has waited for 9\d s/);
  });
});
