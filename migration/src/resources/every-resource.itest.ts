import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pool } from 'pg';
import { attach, detach, refuseUnknownColumns } from '../monolith/attach.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { resources } from './resources.ts';

/** What holds of every resource, so that a further one cannot forget it. */
for (const resource of resources) {
  describe(`the migration of ${resource.name}`, () => {
    let database: TestMonolith;
    let pool: Pool;
    before(async () => {
      database = await createTestMonolith();
      pool = database.pool;
      await attach(pool, resource, 1);
    });
    after(() => database?.drop());

    const triggers = async () => {
      const { rows } = await pool.query<{ name: string }>(
        `select tgrelid::regclass || '.' || tgname as name from pg_trigger where not tgisinternal and tgname like 'migration_%'`,
      );
      return rows.map(({ name }) => name);
    };

    for (const { name: table } of resource.tables) {
      test(`TRUNCATE of ${table} is refused, with what to do`, async () => {
        await assert.rejects(
          pool.query(`truncate ${table} cascade`),
          (error: Error & { hint?: string }) =>
            /cannot follow TRUNCATE/.test(error.message) && /migrate -- detach/.test(error.hint ?? ''),
        );
      });

      test(`a column that is added to ${table} stops the migration and is named`, async () => {
        await refuseUnknownColumns(pool, resource);
        await pool.query(`alter table ${table} add column motto text`);
        await assert.rejects(refuseUnknownColumns(pool, resource), {
          code: 'unknown_columns',
          message: new RegExp(`does not know the columns ${table}\\.motto`),
        });
        await pool.query(`alter table ${table} drop column motto`);
        await refuseUnknownColumns(pool, resource);
      });
    }

    test('its keys and states are of no aggregates, where there are none, and it has a count', async () => {
      const { rows } = await pool.query<{ count: number }>(resource.count);
      const { rows: keys } = await pool.query<{ key: string }>(resource.keys, [null, 1_000]);
      assert.equal(keys.length, rows[0]?.count);
      const { rows: states } = await pool.query(resource.states, [keys.map(({ key }) => key)]);
      assert.equal(states.length, keys.length);
    });

    test('given up, it leaves no trigger and no schema behind', async () => {
      assert.notDeepEqual(await triggers(), []);
      await detach(pool, resource, []);
      assert.deepEqual(await triggers(), []);
      const { rows } = await pool.query("select to_regnamespace('migration') as schema");
      assert.equal(rows[0]?.schema, null);
    });
  });
}

test('resources that are attached together note by triggers of their own, also on tables that they share', async () => {
  const database = await createTestMonolith();
  const pool = database.pool;
  try {
    for (const resource of resources) await attach(pool, resource, 1);
    const { rows } = await pool.query<{ name: string }>(
      `select p.proname as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid
       where not t.tgisinternal and t.tgname like 'migration_note%'`,
    );
    const expected = resources.flatMap(({ name, tables }) =>
      tables.map((table) => `note_${name.replaceAll('-', '_')}_${table.name}`),
    );
    assert.deepEqual(rows.map(({ name }) => name).toSorted(), expected.toSorted());
  } finally {
    await database.drop();
  }
});
