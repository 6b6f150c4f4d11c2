import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import type pg from 'pg';
import { attach } from '../monolith/attach.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { carts } from './carts.ts';
import { notOwner } from './not-owner.ts';

let database: TestMonolith;
let pool: pg.Pool;
before(async () => {
  database = await createTestMonolith();
  pool = database.pool;
  await attach(pool, carts, 1);
});
after(() => database?.drop());
beforeEach(async () => {
  await pool.query("update migration.ownership set state = 'owner'");
  await pool.query('delete from migration.notes');
});

const noted = async () => {
  const { rows } = await pool.query<{ key: string }>('delete from migration.notes returning key');
  return [...new Set(rows.map(({ key }) => key))].sort();
};
const keyed = (path: string, reply: string | null = null) =>
  pool.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     values (decode(md5($1), 'hex'), 'c', '', 'POST', $2, 'k', '', $3, $4, now())`,
    [randomUUID(), path, reply === null ? null : 201, reply],
  );

test('a change of a cart, its customers, its lines and their taxes notes the cart', async () => {
  const [line, id] = [randomUUID(), `a cart ${randomUUID()}`];
  for (const [statement, values] of [
    ['insert into carts (id) values ($1)', [id]],
    ['insert into cart_customers values ($1, $2)', [id, randomUUID()]],
    [
      "insert into cart_items (id, cart_id, type, name, quantity, unit_amount, position) values ($2, $1, 'custom_item', 'N', 1, 1, 1)",
      [id, line],
    ],
    ['insert into cart_item_taxes (item_id, rate, position) values ($1, 0.2, 1)', [line]],
    [
      `insert into cart_promotions (cart_id, promotion_id, code, name, description, created_at)
       values ($1, $2, 'C', 'N', '', now())`,
      [id, randomUUID()],
    ],
    ['insert into cart_field_values values ($1, $2, \'"v"\')', [id, randomUUID()]],
    ["insert into cart_item_field_values values ($1, $2, '[1]')", [line, randomUUID()]],
    ['delete from cart_promotions where cart_id = $1', [id]],
    ['update cart_item_taxes set rate = 0.1 where item_id = $1', [line]],
    ['delete from carts where id = $1', [id]],
  ] as const) {
    await pool.query(statement, [...values]);
    assert.deepEqual(await noted(), [id], statement);
  }
});

test('a reply to a keyed request notes the cart that it was for, and requests to others note nothing', async () => {
  await keyed('/v2/carts/a%20b%C3%A9%25/items');
  await keyed('/v2/carts/plain/taxes');
  await keyed('/v2/carts/lines/items/5/taxes');
  await keyed('/v2/carts', '{"data":{"id":"made"}}');
  assert.deepEqual(await noted(), ['a bé%', 'lines', 'made', 'plain']);
  await keyed('/v2/carts/a/checkout', '{"data":{"id":"an order"}}');
  await keyed('/v2/carts');
  await keyed('/v2/orders/5/payments', '{"data":{"id":"a transaction"}}');
  await pool.query("delete from idempotency_keys where path like '%checkout'");
  assert.deepEqual(await noted(), []);
});

test('a reply about an entry of a line is a part of its cart while the line is in it', async () => {
  const line = randomUUID();
  await pool.query("insert into carts (id) values ('c')");
  await pool.query(
    `insert into cart_items (id, cart_id, type, name, quantity, unit_amount, position)
     values ($1, 'c', 'custom_item', 'N', 1, 1, 1)`,
    [line],
  );
  await noted();
  const path = '/v2/flows/cart_items/entries';
  await keyed(path, JSON.stringify({ errors: [{ status: 409 }] }));
  await keyed(path, JSON.stringify({ data: { id: randomUUID() } }));
  assert.deepEqual(await noted(), []);
  await keyed(path, JSON.stringify({ data: { id: line } }));
  assert.deepEqual(await noted(), ['c']);
  const replies = async () => (await pool.query(carts.states, [['c']])).rows[0]?.state.replies.length;
  assert.equal(await replies(), 1);
  await pool.query('delete from cart_items where id = $1', [line]);
  assert.deepEqual([await noted(), await replies()], [['c'], 0]);
  await pool.query('delete from carts');
  await pool.query('delete from idempotency_keys');
});

test('a follower refuses changes of carts, and others go on to keep their keys', async () => {
  await pool.query("insert into carts (id) values ('followed')");
  await pool.query("update migration.ownership set state = 'follower'");
  for (const statement of ["insert into carts (id) values ('x')", "delete from carts where id = 'followed'"]) {
    await assert.rejects(pool.query(statement), (error: { code?: string }) => error.code === notOwner);
  }
  await keyed('/v2/orders/5/payments', '{}');
  await pool.query('delete from idempotency_keys');
});
