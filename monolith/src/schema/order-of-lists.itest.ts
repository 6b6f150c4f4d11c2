import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPool, type Pool } from '../db.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { applySchema, readSchemaFiles } from './apply-schema.ts';

let it: TestShop;
let db: Pool;
before(async () => {
  it = await openTestShop();
  await it.shop.db.query('create schema earlier');
  const url = new URL(it.shop.config.databaseUrl);
  url.searchParams.set('options', '-c search_path=earlier');
  db = openPool(url.toString(), () => {});
});
after(async () => {
  await db.end();
  await it.close();
});

test('a store of earlier days keeps the order of its cart lines, taxes and order items', async () => {
  const files = await readSchemaFiles();
  await applySchema(
    db,
    files.filter(({ name }) => name < '220'),
  );
  const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
  await db.query(`insert into carts (id) values ('c')`);
  await db.query(
    `insert into orders (id, customer_name, customer_email, currency, with_tax, without_tax, tax, billing_address, shipping_address)
     values ($1, 'A', 'a@b.c', 'USD', 1, 1, 0, '{}', '{}')`,
    [id(0)],
  );
  for (const n of [3, 1, 2]) {
    await db.query(
      `insert into cart_items (id, cart_id, type, name, quantity, unit_amount) values ($1, 'c', 'custom_item', 'N', 1, 1)`,
      [id(n)],
    );
    await db.query('insert into cart_item_taxes (id, item_id, rate) values ($1, $2, 0)', [id(n), id(3)]);
    await db.query(`insert into order_items (id, order_id, name, quantity, unit_amount) values ($1, $2, 'N', 1, 1)`, [
      id(n),
      id(0),
    ]);
  }
  await applySchema(db, files);
  for (const table of ['cart_items', 'cart_item_taxes', 'order_items']) {
    const { rows } = await db.query<{ id: string }>(`select id from ${table} order by position, id`);
    assert.deepEqual(
      rows.map((row) => row.id),
      [3, 1, 2].map(id),
      table,
    );
  }
  assert.deepEqual(await applySchema(db, files), [], 'a second start finds nothing to do');
});

test('the only identity columns left number tokens, audit rows, attributes and events, by which no list is ordered', async () => {
  const { rows } = await db.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and is_identity = 'YES' order by 1`,
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['access_tokens.id', 'audit_log.id', 'product_attributes.id', 'shop_events.seq', 'token_audit.id'],
  );
});

test('each list reads the rows of its page from an index', async () => {
  const { rows } = await it.shop.db.query<{ name: string }>(
    `select indexname as name from pg_indexes where indexdef like '%(created_at, id)' order by 1`,
  );
  const names = rows.map(({ name }) => name);
  for (const table of ['brands', 'categories', 'collections', 'customers', 'files', 'orders', 'products']) {
    assert.ok(names.includes(`${table}_created`), table);
  }
});
