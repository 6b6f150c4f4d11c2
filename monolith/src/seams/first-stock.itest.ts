import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { askFirstStocks, recoverFirstStocks } from '../stock/ask-first-stocks.ts';
import { noteFirstStocks } from '../stock/noted-first-stocks.ts';
import { makeProduct } from '../testing/goods.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

let it: TestShop;
let owner: Server;
let asked: { headers: IncomingHttpHeaders; body: unknown }[] = [];
/** What the owner replies; null: as this shop, to which the name of the owner leads. */
let status: number | null = null;
/** The owner does what it is asked, and its reply is lost. */
let isReplyLost = false;
const introspection = { clientId: 'services', clientSecret: 'introspection-secret' };
const basic = `Basic ${Buffer.from('services:introspection-secret').toString('base64')}`;

before(async () => {
  owner = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const payload = Buffer.concat(chunks);
    asked.push({ headers: request.headers, body: JSON.parse(payload.toString()) });
    if (status !== null) return response.writeHead(status).end();
    const url = request.url ?? '';
    const done = await it.app.inject({ method: 'POST', url, headers: request.headers, payload });
    return isReplyLost ? response.destroy() : response.writeHead(done.statusCode).end();
  });
  await new Promise<void>((resolve) => owner.listen(0, '127.0.0.1', resolve));
  const inventoriesUrl = `http://127.0.0.1:${(owner.address() as AddressInfo).port}`;
  it = await openTestShop([], { introspection, inventoriesUrl });
  await it.shop.db.query(
    `create function not_ours() returns trigger language plpgsql as
     $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$`,
  );
});
after(async () => {
  owner.close();
  await it.close();
});
beforeEach(() => {
  asked = [];
  status = null;
  isReplyLost = false;
});

const open = async () => (await it.shop.db.query('select product_id from first_stocks')).rows;
const levelOf = async (id: string) => (await it.admin('GET', `/v2/products/${id}`)).body.data.meta.stock.level;
const actionsOn = async (id: string) =>
  (await it.admin('GET', `/v2/inventories/${id}/transactions`)).body.data.map(
    ({ action, quantity }: { action: string; quantity: number }) => [action, quantity],
  );

/** Another program owns the stock for the time of `work`. */
async function ownedElsewhere(work: () => Promise<void>): Promise<void> {
  const tables = ['stock', 'stock_transactions'];
  for (const table of tables) {
    await it.shop.db.query(
      `create trigger fence before insert or update or delete on ${table} for each row execute function not_ours()`,
    );
  }
  try {
    await work();
  } finally {
    for (const table of tables) await it.shop.db.query(`drop trigger fence on ${table}`);
  }
}

/** A product as its transaction leaves it when the process dies right after the commit. */
async function commitOnly(quantity: number): Promise<string> {
  const id = await makeProduct(it);
  await it.shop.db.query('delete from stock where product_id = $1', [id]);
  await it.shop.db.query('delete from stock_transactions where product_id = $1', [id]);
  await noteFirstStocks(it.shop.db, [{ product_id: id, quantity }], it.shop.now());
  return id;
}

describe('the first stock of a product', () => {
  test('is there when the reply comes, with one transaction', async () => {
    const id = await makeProduct(it, { manage_stock: true, stock: 7 });
    assert.equal((await it.admin('GET', `/v2/inventories/${id}`)).body.data.available, 7);
    assert.deepEqual(await actionsOn(id), [['create', 7]]);
    assert.deepEqual(await open(), []);
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.headers.host, 'inventories', 'the name by which a proxy finds the owner');
  });

  test('is done by this store where the owner is not reached, once, also when only the reply is lost', async () => {
    status = 503;
    const away = await makeProduct(it, { manage_stock: true, stock: 7 });
    status = null;
    isReplyLost = true;
    const lost = await makeProduct(it, { manage_stock: true, stock: 7 });
    for (const id of [away, lost]) {
      assert.deepEqual(await actionsOn(id), [['create', 7]]);
      assert.equal(await levelOf(id), 7);
    }
    assert.equal(asked.length, 2);
    assert.deepEqual(await open(), []);
  });

  test('is done by the recovery after a death between the commit and the question', async () => {
    const id = await commitOnly(4);
    assert.equal(await levelOf(id), 4, 'the product shows what was asked for');
    assert.equal(await recoverFirstStocks(it.shop), 1);
    assert.equal((await it.admin('GET', `/v2/inventories/${id}`)).body.data.available, 4);
    assert.equal(await recoverFirstStocks(it.shop), 0);
  });

  test('comes once, however often it is asked for', async () => {
    const id = await commitOnly(4);
    await Promise.all([1, 2, 3].map(() => askFirstStocks(it.shop, [id])));
    // A death between the work and its confirmation.
    await noteFirstStocks(it.shop.db, [{ product_id: id, quantity: 4 }], it.shop.now());
    await recoverFirstStocks(it.shop);
    assert.deepEqual(await actionsOn(id), [['create', 4]]);
    assert.equal(await levelOf(id), 4);
  });

  test('is added to what came before it', async () => {
    const id = await commitOnly(4);
    const data = { type: 'stock-transaction', action: 'increment', quantity: 2 };
    assert.equal((await it.admin('POST', `/v2/inventories/${id}/transactions`, { data })).status, 201);
    await recoverFirstStocks(it.shop);
    assert.equal(await levelOf(id), 6);
  });

  test('is asked of the program that owns inventories, until it agrees', async () => {
    await ownedElsewhere(async () => {
      status = 503;
      const id = await makeProduct(it, { manage_stock: true, stock: 3 });
      assert.equal(await levelOf(id), 3);
      assert.equal((await open()).length, 1);
      await assert.rejects(recoverFirstStocks(it.shop), /owned elsewhere/);
      status = 204;
      assert.equal(await recoverFirstStocks(it.shop), 1);
      assert.deepEqual(await open(), []);
      assert.equal(asked.length, 3);
      for (const { headers, body } of asked) {
        assert.equal(headers.authorization, basic);
        assert.deepEqual(body, { data: [{ product_id: id, quantity: 3 }] });
      }
    });
  });

  test('is forgotten with a product that is deleted before', async () => {
    const id = await commitOnly(4);
    assert.equal((await it.admin('DELETE', `/v2/products/${id}`)).status, 204);
    assert.equal(await recoverFirstStocks(it.shop), 0);
  });

  test('is 422 with its product: nothing is noted', async () => {
    const slug = randomUUID();
    await makeProduct(it, { slug });
    const data = { type: 'product', name: 'N', slug, sku: slug, description: '', manage_stock: true, stock: 4 };
    const again = { ...data, status: 'live', commodity_type: 'physical', price: [] };
    assert.equal((await it.admin('POST', '/v2/products', { data: again })).status, 422);
    assert.deepEqual(await open(), []);
  });
});

test('another owner of products asks this store in the same way, with the credentials of a service', async () => {
  const id = await commitOnly(0);
  const headers = { authorization: basic };
  const ask = (body: unknown, given = headers) => it.admin('POST', '/internal/first-stocks', body, given);
  const wanted = { data: [{ product_id: id, quantity: 5 }] };
  assert.equal((await ask(wanted, { authorization: it.adminToken })).status, 401);
  for (let round = 0; round < 2; round += 1) assert.equal((await ask(wanted)).status, 204);
  assert.deepEqual(await actionsOn(id), [['create', 5]]);
  assert.equal((await ask({ data: [{ product_id: 'x', quantity: -1 }] })).status, 422);
  const many = Array(251).fill(wanted.data[0]);
  assert.equal((await ask({ data: many })).status, 400);
  await ownedElsewhere(async () => {
    const other = { data: [{ product_id: randomUUID(), quantity: 5 }] };
    assert.equal((await ask(other)).status, 421);
  });
});
