import assert from 'node:assert/strict';
import type { Case } from './api.ts';
import { sampleAddress, signIn, signUp, tokenOf } from './buyers.ts';
import { customerHostileCases } from './customers-hostile.ts';
import { customerFieldCases } from './flows-core.ts';
import { ids } from './goods.ts';
import { customerListCases } from './lists-customers.ts';

/** An empty change. Requests that read or delete have no body. */
const bodyOf = (method: string) => (method === 'PUT' ? { data: {} } : undefined);
const address = { type: 'address', ...sampleAddress };

export const customerCases: Case[] = [
  {
    name: 'customers: a shopper signs up, and the password is never shown',
    run: async (api) => {
      const customer = await signUp(api, { password: 'correct horse' });
      assert.equal(customer.password, true);
      assert.equal((await signUp(api)).password, false);
    },
  },
  {
    name: 'customers: missing and malformed members are named',
    run: async (api) => {
      const { status, body } = await api.shopper('POST', '/v2/customers', {
        data: { type: 'customer', email: 'nope' },
      });
      assert.equal(status, 422);
      assert.deepEqual(body.errors.map((error: { source: string }) => error.source).sort(), [
        'data.email',
        'data.name',
      ]);
    },
  },
  {
    name: 'customers: an e-mail address belongs to one customer, whatever its case',
    run: async (api) => {
      const { email } = await signUp(api);
      const data = { type: 'customer', name: 'Twin', email: email.toUpperCase() };
      const { status, body } = await api.shopper('POST', '/v2/customers', { data });
      assert.equal(status, 422);
      assert.equal(body.errors[0].source, 'data.email');
      const other = await signUp(api);
      assert.equal((await api.admin('PUT', `/v2/customers/${other.id}`, { data: { email } })).status, 422);
    },
  },
  {
    name: 'customers: a customer signs in with the password alone, for a day',
    run: async (api) => {
      const { id, email } = await signUp(api, { password: 'secret' });
      const { status, body } = await signIn(api, email, 'secret');
      assert.equal(status, 201);
      assert.equal(body.data.customer_id, id);
      assert.equal(body.data.token.split('.').length, 3);
      assert.equal(body.data.expires - Math.floor(Date.now() / 1000) > 24 * 3600 - 60, true);
      // Not 401: clients read 401 as a bad access token and retry.
      assert.equal((await signIn(api, email, 'Secret')).status, 422);
      assert.equal((await signIn(api, `unknown@${api.tag}.com`, 'secret')).status, 422);
      assert.equal((await signIn(api, (await signUp(api)).email, 'x')).status, 422, 'a customer without a password');
    },
  },
  {
    name: 'customers: with a customer token a shopper sees their own record only',
    run: async (api) => {
      const { id, email } = await signUp(api, { password: 'secret' });
      const other = await signUp(api);
      const token = await tokenOf(api, email, 'secret');
      assert.equal((await api.shopper('GET', `/v2/customers/${id}`)).status, 403);
      assert.equal((await api.shopper('GET', `/v2/customers/${id}`, undefined, token)).body.data.email, email);
      assert.equal((await api.shopper('GET', `/v2/customers/${other.id}`, undefined, token)).status, 403);
      assert.equal((await api.admin('GET', `/v2/customers/${other.id}`, undefined, token)).status, 403);
      const renamed = await api.shopper('PUT', `/v2/customers/${id}`, { data: { name: 'New name' } }, token);
      assert.equal(renamed.body.data.name, 'New name');
      const listed = await api.admin('GET', '/v2/customers', undefined, token);
      assert.deepEqual(
        listed.body.data.map((each: { id: string }) => each.id),
        [id],
      );
    },
  },
  {
    name: 'customers: the administrator lists, filters, sorts, changes and deletes',
    run: async (api) => {
      const { id, email } = await signUp(api, { name: `Zuleika ${api.tag}` });
      const listed = await api.admin(
        'GET',
        `/v2/customers?sort=-name&page[limit]=1&filter=like(name,*${api.tag.toUpperCase()})`,
      );
      assert.equal(listed.status, 200);
      assert.equal(listed.body.data[0].id, id);
      assert.deepEqual(listed.body.meta.results, { total: 1 });
      assert.equal((await api.admin('GET', `/v2/customers?filter=eq(email,${email})`)).body.data.length, 1);
      assert.equal((await api.admin('GET', '/v2/customers?filter=eq(shoe_size,9)')).status, 400);
      assert.equal(
        (await api.admin('PUT', `/v2/customers/${id}`, { data: { password: 'later' } })).body.data.password,
        true,
      );
      assert.equal((await signIn(api, email, 'later')).status, 201);
      assert.equal((await api.admin('DELETE', `/v2/customers/${id}`)).status, 204);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        assert.equal((await api.admin(method, `/v2/customers/${id}`, bodyOf(method))).status, 404);
        assert.equal((await api.admin(method, '/v2/customers/not-a-uuid', bodyOf(method))).status, 404);
      }
    },
  },
  {
    name: 'customers: a change of password ends the tokens from before it, and no other change does',
    run: async (api) => {
      const { id, email } = await signUp(api, { password: 'before' });
      const old = await tokenOf(api, email, 'before');
      const path = `/v2/customers/${id}`;
      assert.equal((await api.shopper('PUT', path, { data: { name: 'Renamed' } }, old)).status, 200);
      assert.equal((await api.shopper('PUT', path, { data: { password: 'after' } }, old)).status, 200);
      assert.equal((await api.shopper('GET', path, undefined, old)).status, 403);
      const fresh = await tokenOf(api, email, 'after');
      assert.equal((await api.shopper('GET', path, undefined, fresh)).status, 200);
      // Setting the same password again creates a new hash: the ended tokens stay ended.
      assert.equal((await api.admin('PUT', path, { data: { password: 'before' } })).status, 200);
      assert.equal((await api.shopper('GET', path, undefined, old)).status, 403);
      assert.equal((await api.shopper('GET', path, undefined, fresh)).status, 403);
    },
  },
  {
    name: 'customers: a malformed customer token is refused like any other',
    run: async (api) => {
      const { email } = await signUp(api, { password: 'secret' });
      const good = (await tokenOf(api, email, 'secret'))['x-moltin-customer-token'];
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
        const { status, body: reply } = await api.shopper('GET', '/v2/orders', undefined, {
          'x-moltin-customer-token': token,
        });
        assert.equal(status, 403, token);
        assert.equal(reply.errors[0].status, 403);
      }
    },
  },
  {
    name: 'customers: addresses: made, read, changed and deleted by their customer',
    run: async (api) => {
      const { id, email } = await signUp(api, { password: 'secret' });
      const token = await tokenOf(api, email, 'secret');
      const path = `/v2/customers/${id}/addresses`;
      const made = await api.shopper('POST', path, { data: address }, token);
      assert.equal(made.status, 201);
      assert.equal(made.body.data.line_2, '', 'what was not given is an empty text');
      const one = `${path}/${made.body.data.id}`;
      assert.equal(new URL(made.body.data.links.self).pathname, one);
      assert.deepEqual((await api.shopper('GET', path, undefined, token)).body.data, [made.body.data]);
      const changed = await api.shopper('PUT', one, { data: { type: 'address', city: 'Newcastle' } }, token);
      assert.equal(changed.body.data.city, 'Newcastle');
      assert.equal(changed.body.data.first_name, 'Ada');
      assert.equal((await api.shopper('GET', one)).status, 403);
      assert.equal((await api.shopper('DELETE', one, undefined, token)).status, 204);
      assert.equal((await api.shopper('GET', one, undefined, token)).status, 404);
    },
  },
  {
    name: 'customers: an address belongs to its customer, and is complete',
    run: async (api) => {
      const mine = await signUp(api);
      const yours = await signUp(api);
      const made = await api.admin('POST', `/v2/customers/${mine.id}/addresses`, { data: address });
      const wrong = `/v2/customers/${yours.id}/addresses/${made.body.data.id}`;
      for (const method of ['GET', 'PUT', 'DELETE']) {
        assert.equal((await api.admin(method, wrong, bodyOf(method))).status, 404);
      }
      const { postcode: _, ...incomplete } = address;
      const { status, body } = await api.admin('POST', `/v2/customers/${mine.id}/addresses`, { data: incomplete });
      assert.equal(status, 422);
      assert.equal(body.errors[0].source, 'data.postcode');
      const unknown = '00000000-0000-4000-8000-000000000000';
      assert.equal((await api.admin('POST', `/v2/customers/${unknown}/addresses`, { data: address })).status, 404);
    },
  },
  {
    name: 'customers: names and addresses sort by A to Z, and equal ones by creation',
    run: async (api) => {
      const names = ['b', 'A', 'c', 'a'];
      const made: string[] = [];
      for (const name of names) made.push((await signUp(api, { name: `${name}` })).id);
      const filter = `filter=like(email,*${api.tag}@example.com)`;
      assert.deepEqual(ids(await api.admin('GET', `/v2/customers?${filter}`)), made);
      const [b, first, c, second] = made;
      assert.deepEqual(ids(await api.admin('GET', `/v2/customers?sort=name&${filter}`)), [first, second, b, c]);
      assert.deepEqual(ids(await api.admin('GET', `/v2/customers?sort=-name&${filter}`)), [c, b, second, first]);
      assert.deepEqual(ids(await api.admin('GET', `/v2/customers?page[limit]=2&page[offset]=1&${filter}`)), [first, c]);
      assert.equal((await api.admin('GET', '/v2/customers?sort=password')).status, 400);
    },
  },
  {
    name: 'customers: who may do what',
    run: async (api) => {
      const { id } = await signUp(api);
      for (const [method, path] of [
        ['GET', '/v2/customers'],
        ['GET', `/v2/customers/${id}`],
        ['PUT', `/v2/customers/${id}`],
        ['DELETE', `/v2/customers/${id}`],
        ['GET', `/v2/customers/${id}/addresses`],
        ['POST', `/v2/customers/${id}/addresses`],
      ] as const) {
        const body = method === 'PUT' || method === 'POST' ? { data: address } : undefined;
        assert.equal((await api.shopper(method, path, body)).status, 403, `${method} ${path}`);
        assert.equal((await api.anonymous(method, path, body)).status, 401, `${method} ${path}`);
      }
      assert.equal((await api.admin('GET', `/v2/customers/${id}`)).body.data.id, id);
    },
  },
  {
    name: 'customers: their attributes are described',
    run: async ({ admin }) => {
      const { body } = await admin('GET', '/v2/customers/attributes');
      assert.equal(body.meta.entity, 'customers');
      const values = body.data.map(({ value }: { value: string }) => value);
      for (const value of ['type', 'name', 'email', 'password']) assert.ok(values.includes(value), value);
    },
  },
  {
    name: 'customers: an address with an Idempotency-Key is made once, and belongs to who asked',
    run: async (api) => {
      const { id, email } = await signUp(api, { password: 'secret' });
      const token = await tokenOf(api, email, 'secret');
      const path = `/v2/customers/${id}/addresses`;
      const keyed = (data: object, headers: Readonly<Record<string, string>>) =>
        api.shopper('POST', path, { data }, { 'idempotency-key': `"address ${api.tag}"`, ...headers });
      const first = await keyed(address, token);
      assert.equal(first.status, 201);
      assert.deepEqual((await keyed(address, token)).body, first.body);
      assert.equal((await api.shopper('GET', path, undefined, token)).body.data.length, 1);
      const other = await keyed({ ...address, city: 'Leeds' }, token);
      assert.deepEqual([other.status, other.body.errors[0].title], [422, 'Idempotency-Key reused']);
      const asAdmin = await api.admin('POST', path, { data: address }, { 'idempotency-key': `"address ${api.tag}"` });
      assert.notEqual(asAdmin.body.data.id, first.body.data.id, 'a key of another client is another one');
      assert.equal((await api.shopper('DELETE', `${path}/${first.body.data.id}`, undefined, token)).status, 204);
      assert.deepEqual((await keyed(address, token)).body, first.body, 'the reply is repeated, and not the work');
      assert.equal((await api.admin('GET', path)).body.data.length, 1);
      assert.equal((await api.admin('DELETE', `/v2/customers/${id}`)).status, 204);
      const unknown = await api.admin('POST', path, { data: address }, { 'idempotency-key': 'k' });
      assert.deepEqual([unknown.status, unknown.body.errors[0].detail], [404, 'customer not found']);
    },
  },
  {
    name: 'customers: a deleted customer takes the addresses and the e-mail address along',
    run: async (api) => {
      const { id, email } = await signUp(api);
      const made = await api.admin('POST', `/v2/customers/${id}/addresses`, { data: address });
      assert.equal((await api.admin('DELETE', `/v2/customers/${id.toUpperCase()}`)).status, 204);
      assert.equal((await api.admin('GET', `/v2/customers/${id}/addresses`)).status, 404);
      assert.equal((await api.admin('GET', `/v2/customers/${id}/addresses/${made.body.data.id}`)).status, 404);
      assert.notEqual((await signUp(api, { email })).id, id);
    },
  },
  ...customerListCases,
  ...customerFieldCases,
  ...customerHostileCases,
];
