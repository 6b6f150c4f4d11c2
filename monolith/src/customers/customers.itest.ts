import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

const sampleAddress = {
  type: 'address',
  first_name: 'Ada',
  last_name: 'Kaya',
  line_1: '1 Mill Hill',
  postcode: 'NE1 1AA',
  county: 'Tyne and Wear',
  country: 'GB',
};

describe('customers', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
  });
  after(() => open.close());

  let count = 0;
  const signUp = async (members: Record<string, unknown> = {}) => {
    count += 1;
    const data = { type: 'customer', name: `Customer ${count}`, email: `c${count}@example.com`, ...members };
    const { status, body } = await open.shopper('POST', '/v2/customers', { data });
    assert.equal(status, 201, JSON.stringify(body));
    return body.data as { id: string; email: string; name: string; password: boolean };
  };
  const signIn = (email: string, password: string) =>
    open.shopper('POST', '/v2/customers/tokens', { data: { type: 'token', email, password } });
  const tokenOf = async (email: string, password: string) => {
    const { body } = await signIn(email, password);
    return { 'x-moltin-customer-token': body.data.token as string };
  };

  test('a shopper signs up, and the password is never shown', async () => {
    const customer = await signUp({ password: 'correct horse' });
    assert.equal(customer.password, true);
    assert.equal((await signUp()).password, false);
    const { rows } = await open.shop.db.query('select c::text from customers c');
    assert.doesNotMatch(JSON.stringify(rows), /correct horse/);
  });

  test('missing and malformed members are named', async () => {
    const { status, body } = await open.shopper('POST', '/v2/customers', { data: { type: 'customer', email: 'nope' } });
    assert.equal(status, 422);
    assert.deepEqual(body.errors.map((error: { source: string }) => error.source).sort(), ['data.email', 'data.name']);
  });

  test('an e-mail address belongs to one customer, whatever its case', async () => {
    const { email } = await signUp();
    const data = { type: 'customer', name: 'Twin', email: email.toUpperCase() };
    const { status, body } = await open.shopper('POST', '/v2/customers', { data });
    assert.equal(status, 422);
    assert.equal(body.errors[0].source, 'data.email');
    const other = await signUp();
    assert.equal((await open.admin('PUT', `/v2/customers/${other.id}`, { data: { email } })).status, 422);
  });

  test('a customer signs in with the password alone, for a day', async () => {
    const { id, email } = await signUp({ password: 'secret' });
    const { status, body } = await signIn(email, 'secret');
    assert.equal(status, 201);
    assert.equal(body.data.customer_id, id);
    assert.equal(body.data.token.split('.').length, 3);
    assert.equal(body.data.expires - Math.floor(open.shop.now().getTime() / 1000) > 24 * 3600 - 60, true);
    // Not 401: clients read 401 as a bad access token and retry.
    assert.equal((await signIn(email, 'Secret')).status, 422);
    assert.equal((await signIn('unknown@example.com', 'secret')).status, 422);
    assert.equal((await signIn((await signUp()).email, 'x')).status, 422, 'a customer without a password');
  });

  test('with a customer token a shopper sees their own record only', async () => {
    const { id, email } = await signUp({ password: 'secret' });
    const other = await signUp();
    const token = await tokenOf(email, 'secret');
    assert.equal((await open.shopper('GET', `/v2/customers/${id}`)).status, 403);
    assert.equal((await open.shopper('GET', `/v2/customers/${id}`, undefined, token)).body.data.email, email);
    assert.equal((await open.shopper('GET', `/v2/customers/${other.id}`, undefined, token)).status, 403);
    assert.equal((await open.admin('GET', `/v2/customers/${other.id}`, undefined, token)).status, 403);
    const renamed = await open.shopper('PUT', `/v2/customers/${id}`, { data: { name: 'New name' } }, token);
    assert.equal(renamed.body.data.name, 'New name');
    const listed = await open.admin('GET', '/v2/customers', undefined, token);
    assert.deepEqual(
      listed.body.data.map((each: { id: string }) => each.id),
      [id],
    );
  });

  test('a bad, expired or orphaned customer token is refused with 403', async () => {
    const { id, email } = await signUp({ password: 'secret' });
    const token = await tokenOf(email, 'secret');
    const forged = { 'x-moltin-customer-token': 'a.b.c' };
    assert.equal((await open.shopper('GET', '/v2/products', undefined, forged)).status, 403);
    await open.admin('DELETE', `/v2/customers/${id}`);
    assert.equal((await open.shopper('GET', '/v2/products', undefined, token)).status, 403);

    const late = await signUp({ password: 'secret' });
    const lateToken = await tokenOf(late.email, 'secret');
    open.advance(25 * 3_600_000);
    assert.equal((await open.shopper('GET', '/v2/products', undefined, lateToken)).status, 403);
  });

  test('the administrator lists, filters, sorts, changes and deletes', async () => {
    const { id, email } = await signUp({ name: 'Zuleika Unique' });
    const listed = await open.admin('GET', '/v2/customers?sort=-name&page[limit]=1&filter=like(name,*unique)');
    assert.equal(listed.status, 200);
    assert.equal(listed.body.data[0].id, id);
    assert.deepEqual(listed.body.meta.results, { total: 1 });
    assert.equal((await open.admin('GET', `/v2/customers?filter=eq(email,${email})`)).body.data.length, 1);
    assert.equal((await open.admin('GET', '/v2/customers?filter=eq(shoe_size,9)')).status, 400);
    assert.equal(
      (await open.admin('PUT', `/v2/customers/${id}`, { data: { password: 'later' } })).body.data.password,
      true,
    );
    assert.equal((await signIn(email, 'later')).status, 201);
    assert.equal((await open.admin('DELETE', `/v2/customers/${id}`)).status, 204);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      assert.equal((await open.admin(method, `/v2/customers/${id}`, { data: {} })).status, 404);
      assert.equal((await open.admin(method, '/v2/customers/not-a-uuid', { data: {} })).status, 404);
    }
  });

  test('a change of password ends the tokens from before it, and no other change does', async () => {
    const { id, email } = await signUp({ password: 'before' });
    const old = await tokenOf(email, 'before');
    const path = `/v2/customers/${id}`;
    assert.equal((await open.shopper('PUT', path, { data: { name: 'Renamed' } }, old)).status, 200);
    assert.equal((await open.shopper('PUT', path, { data: { password: 'after' } }, old)).status, 200);
    assert.equal((await open.shopper('GET', path, undefined, old)).status, 403);
    const fresh = await tokenOf(email, 'after');
    assert.equal((await open.shopper('GET', path, undefined, fresh)).status, 200);
    // Setting the same password again creates a new hash: the ended tokens stay ended.
    assert.equal((await open.admin('PUT', path, { data: { password: 'before' } })).status, 200);
    assert.equal((await open.shopper('GET', path, undefined, old)).status, 403);
    assert.equal((await open.shopper('GET', path, undefined, fresh)).status, 403);
  });

  test('a malformed customer token is refused like any other', async () => {
    const { email } = await signUp({ password: 'secret' });
    const good = (await tokenOf(email, 'secret'))['x-moltin-customer-token'];
    const [head, body, signature] = good.split('.');
    const part = (text: string) => Buffer.from(text).toString('base64url');
    for (const token of [
      'x',
      'a.b.c',
      '..',
      `${head}.${part('no json')}.${signature}`,
      `${part('no json')}.${body}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}.AA`,
      `${part('{"alg":"none","typ":"JWT"}')}.${body}.`,
      `${part('{"alg":"ES256","typ":"JWT"}')}.${body}.${signature}`,
    ]) {
      const { status, body: reply } = await open.shopper('GET', '/v2/orders', undefined, {
        'x-moltin-customer-token': token,
      });
      assert.equal(status, 403, token);
      assert.equal(reply.errors[0].status, 403);
    }
  });

  test('addresses: made, read, changed and deleted by their customer', async () => {
    const { id, email } = await signUp({ password: 'secret' });
    const token = await tokenOf(email, 'secret');
    const path = `/v2/customers/${id}/addresses`;
    const made = await open.shopper('POST', path, { data: sampleAddress }, token);
    assert.equal(made.status, 201);
    assert.equal(made.body.data.line_2, '', 'what was not given is an empty text');
    const one = `${path}/${made.body.data.id}`;
    assert.equal(made.body.data.links.self, `http://shop.test${one}`);
    assert.deepEqual((await open.shopper('GET', path, undefined, token)).body.data, [made.body.data]);
    const changed = await open.shopper('PUT', one, { data: { type: 'address', city: 'Newcastle' } }, token);
    assert.equal(changed.body.data.city, 'Newcastle');
    assert.equal(changed.body.data.first_name, 'Ada');
    assert.equal((await open.shopper('GET', one)).status, 403);
    assert.equal((await open.shopper('DELETE', one, undefined, token)).status, 204);
    assert.equal((await open.shopper('GET', one, undefined, token)).status, 404);
  });

  test('an address belongs to its customer, and is complete', async () => {
    const mine = await signUp();
    const yours = await signUp();
    const made = await open.admin('POST', `/v2/customers/${mine.id}/addresses`, { data: sampleAddress });
    const wrong = `/v2/customers/${yours.id}/addresses/${made.body.data.id}`;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      assert.equal((await open.admin(method, wrong, { data: {} })).status, 404);
    }
    const { postcode: _, ...incomplete } = sampleAddress;
    const { status, body } = await open.admin('POST', `/v2/customers/${mine.id}/addresses`, { data: incomplete });
    assert.equal(status, 422);
    assert.equal(body.errors[0].source, 'data.postcode');
    const unknown = '00000000-0000-4000-8000-000000000000';
    assert.equal((await open.admin('POST', `/v2/customers/${unknown}/addresses`, { data: sampleAddress })).status, 404);
  });
});
