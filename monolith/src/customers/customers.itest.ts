import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';

// What the API promises is in test/contract/customers.ts.
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

  test('a password is stored as its hash only', async () => {
    await signUp({ password: 'correct horse' });
    const { rows } = await open.shop.db.query('select c::text from customers c');
    assert.equal(rows.length, 1);
    assert.doesNotMatch(JSON.stringify(rows), /correct horse/);
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
});
