import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { fieldOn, flowNamed } from './testing.ts';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

describe('writes of entries of a core flow that is named by its id, while another program owns the entities', () => {
  let it: TestShop;
  let flow: string;
  let brand: string;
  const received: Received[] = [];
  let replies: { status: number; body: string } | null = null;
  const edge = createServer(async (request, response) => {
    const body = await readText(request);
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    if (replies === null) return response.destroy();
    response.writeHead(replies.status, { 'content-type': 'application/json; charset=utf-8', 'retry-after': '7' });
    response.end(replies.body);
  });

  before(async () => {
    await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
    it = await openTestShop([], { edgeUrl: `http://127.0.0.1:${(edge.address() as AddressInfo).port}` });
    flow = await flowNamed(it, 'brands');
    await fieldOn(it, 'brands', { slug: 'note' });
    const data = { type: 'brand', name: 'B', slug: randomUUID(), status: 'live', note: 'kept' };
    brand = (await it.admin('POST', '/v2/brands', { data })).body.data.id;
    await it.shop.db.query(
      `create function not_ours() returns trigger language plpgsql as
       $$ begin raise exception 'owned elsewhere' using errcode = 'BN421'; end $$;
       create trigger fence before insert or update or delete on brands for each row execute function not_ours();
       create trigger fence before insert or update or delete on brand_field_values
         for each row execute function not_ours()`,
    );
  });
  after(async () => {
    await it.close();
    edge.closeAllConnections();
    edge.close();
  });
  beforeEach(() => {
    received.length = 0;
    replies = { status: 201, body: '{"data":{"id":"theirs"}}' };
  });

  const write = (method: string, name: string, rest = '', body?: unknown, headers = {}) =>
    it.admin(method, `/v2/flows/${name}/entries${rest}`, body, headers);

  test('are sent on by the slug, with the headers and the body of the client, and the reply comes back', async () => {
    const body = { data: { type: 'entry', id: brand, note: 'é \u{1f600}', large: 0.1 } };
    const headers = { 'idempotency-key': 'k', 'x-moltin-language': 'fr', cookie: 'private=1' };
    const reply = await write('POST', flow, '?a=%20b', body, headers);
    assert.deepEqual([reply.status, reply.body], [201, { data: { id: 'theirs' } }]);
    const [one] = received;
    assert.deepEqual(
      [one?.method, one?.url, one?.body],
      ['POST', '/v2/flows/brands/entries?a=%20b', JSON.stringify(body)],
    );
    const { authorization, 'idempotency-key': key, 'x-moltin-language': language, cookie } = one?.headers ?? {};
    assert.deepEqual([authorization, key, language, cookie], [it.adminToken, 'k', 'fr', undefined]);
    const { rows } = await it.shop.db.query("select from idempotency_keys where key = 'k'");
    assert.equal(rows.length, 0, 'the owner keeps the key');
    const links = `/${brand}/relationships/note`;
    for (const [method, rest] of [
      ['PUT', `/${brand}`],
      ['DELETE', `/${brand}`],
    ] as const) {
      assert.equal((await write(method, flow.toUpperCase(), rest, { data: { note: 'x' } })).status, 201);
      assert.equal(received.at(-1)?.url, `/v2/flows/brands/entries${rest}`);
    }
    assert.equal((await write('PUT', flow, links, { data: [] })).status, 404, 'no relationship: decided here');
  });

  test('get 421 by the slug, which leads to the owner already', async () => {
    const reply = await write('PUT', 'brands', `/${brand}`, { data: { note: 'x' } });
    assert.equal(reply.status, 421);
    assert.equal(received.length, 0);
  });

  test('get what the owner refuses, and an empty reply', async () => {
    replies = { status: 422, body: '{"errors":[{"status":422}]}' };
    const refused = await write('PUT', flow, `/${brand}`, { data: { note: 5, x: 1 } });
    assert.equal(refused.status, 422);
    replies = { status: 204, body: '' };
    assert.deepEqual(await write('DELETE', flow, `/${brand}`), { status: 204, body: undefined });
  });

  test('are 503 while the owner cannot be reached', async () => {
    replies = null;
    const reply = await write('PUT', flow, `/${brand}`, { data: { note: 'x' } });
    assert.equal(reply.status, 503);
    assert.match(reply.body.errors[0].detail, /owner of these entries does not respond/);
  });

  test('are refused here where the request is wrong in itself, and reads are replied to here', async () => {
    assert.equal((await write('POST', flow, '', { data: { type: 'other' } })).status, 422);
    assert.equal((await write('PUT', flow, `/${randomUUID()}`, { data: {} })).status, 404);
    assert.equal((await it.shopper('PUT', `/v2/flows/${flow}/entries/${brand}`, { data: {} })).status, 403);
    assert.equal((await it.admin('GET', `/v2/flows/${flow}/entries/${brand}`)).status, 200);
    assert.equal(received.length, 0);
  });
});

test('a key is the same by the id of a core flow and by its slug', async () => {
  const it = await openTestShop();
  try {
    const flow = await flowNamed(it, 'brands');
    await fieldOn(it, 'brands', { slug: 'note' });
    const data = { type: 'brand', name: 'B', slug: randomUUID() };
    const { id } = (await it.admin('POST', '/v2/brands', { data })).body.data;
    const post = (name: string, note: string) =>
      it.admin('POST', `/v2/flows/${name}/entries`, { data: { type: 'entry', id, note } }, { 'idempotency-key': 'k' });
    const first = await post(flow, 'one');
    assert.equal(first.status, 201);
    assert.deepEqual(await post('brands', 'one'), first);
    assert.equal((await post('brands', 'two')).status, 422);
  } finally {
    await it.close();
  }
});
