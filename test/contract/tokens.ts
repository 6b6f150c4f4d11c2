import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/oauth/access_token';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Asks for a token with a form, as clients do. */
const ask = ({ anonymous }: Api, fields: object) =>
  anonymous('POST', path, new URLSearchParams(Object.entries(fields)).toString(), form);
const implicit = ({ client }: Api) => ({ grant_type: 'implicit', client_id: client.client_id });
const full = ({ client }: Api) => ({ grant_type: 'client_credentials', ...client });
const read = async ({ anonymous }: Api, url: string, authorization: string) =>
  (await anonymous('GET', url, undefined, { authorization })).status;

export const tokenCases: Case[] = [
  {
    name: 'a token is a flat reply with an expiry in seconds',
    run: async (api) => {
      for (const [identifier, fields] of Object.entries({ implicit: implicit(api), client_credentials: full(api) })) {
        const before = Math.floor(Date.now() / 1000);
        const { status, body, headers } = await ask(api, fields);
        assert.equal(status, 200, JSON.stringify(body));
        const { access_token, token_type, expires_in, expires } = body;
        assert.equal(body.identifier, identifier);
        assert.ok(typeof access_token === 'string' && access_token.length >= 40);
        assert.deepEqual([token_type, expires_in], ['Bearer', 3600]);
        assert.ok(Number.isInteger(expires) && Math.abs(expires - before - 3600) <= 120, String(expires));
        assert.equal('data' in body, false);
        assert.equal(headers.get('cache-control'), 'no-store');
      }
    },
  },
  {
    name: 'a token is accepted in both forms of the header, and gives what its kind may do',
    run: async (api) => {
      const tokens = [(await ask(api, implicit(api))).body, (await ask(api, full(api))).body];
      const [shopper, admin] = tokens.map(({ access_token }) => access_token as string);
      for (const scheme of ['Bearer', 'Bearer:', 'bearer']) {
        assert.equal(await read(api, '/v2/products', `${scheme} ${shopper}`), 200, scheme);
        assert.equal(await read(api, '/v2/settings', `${scheme} ${shopper}`), 403, scheme);
        assert.equal(await read(api, '/v2/settings', `${scheme} ${admin}`), 200, scheme);
      }
    },
  },
  {
    name: 'a token that is asked for again leaves earlier ones valid, also of requests at one time',
    run: async (api) => {
      const replies = await Promise.all([ask(api, full(api)), ask(api, full(api)), ask(api, full(api))]);
      const all = replies.map(({ body }) => body.access_token as string);
      assert.equal(new Set(all).size, 3);
      for (const token of all) assert.equal(await read(api, '/v2/settings', `Bearer ${token}`), 200);
    },
  },
  {
    name: 'a token can be asked for with JSON',
    run: async (api) => {
      const { status, body } = await api.anonymous('POST', path, implicit(api));
      assert.deepEqual([status, body.identifier], [200, 'implicit']);
    },
  },
  {
    name: 'a refresh token, which not every issuer gives, gives a new token, once',
    run: async (api) => {
      const first = (await ask(api, implicit(api))).body;
      if (first.refresh_token === undefined) return;
      const { client_id } = api.client;
      const renew = { grant_type: 'refresh_token', client_id, refresh_token: first.refresh_token };
      const second = await ask(api, renew);
      assert.deepEqual([second.status, second.body.identifier], [200, 'implicit']);
      assert.notEqual(second.body.access_token, first.access_token);
      assert.equal((await ask(api, renew)).status, 401);
      assert.equal(await read(api, '/v2/products', `Bearer ${first.access_token}`), 200);
    },
  },
  {
    name: 'a token is refused: wrong clients with 401, requests that are none with 400',
    run: async (api) => {
      const { client_id } = api.client;
      const refused: readonly (readonly [object, number])[] = [
        [{ ...full(api), client_secret: 'wrong' }, 401],
        [{ ...full(api), client_id: `unknown ${api.tag}` }, 401],
        [{ ...implicit(api), client_id: `unknown ${api.tag}` }, 401],
        [{ grant_type: 'refresh_token', client_id, refresh_token: 'unknown' }, 401],
        [{ grant_type: 'client_credentials', client_id }, 400],
        [{ grant_type: 'implicit' }, 400],
        [{ grant_type: 'password', client_id }, 400],
        [{ client_id }, 400],
        [{}, 400],
      ];
      for (const [fields, expected] of refused) {
        const { status, body } = await ask(api, fields);
        assert.equal(status, expected, JSON.stringify(fields));
        assert.equal(body.errors[0].status, expected);
        assert.equal(typeof body.errors[0].title, 'string');
      }
      const twice = `grant_type=implicit&client_id=${client_id}&client_id=${client_id}`;
      assert.equal((await api.anonymous('POST', path, twice, form)).status, 400);
    },
  },
  {
    name: 'a bad token is 401 on every resource, in the shape of the API',
    run: async (api) => {
      for (const resource of ['products', 'brands', 'carts/x', 'customers', 'currencies', 'jobs', 'integrations']) {
        for (const authorization of ['', 'Bearer', 'Bearer nope', 'Basic eDp5', `Bearer ${'f'.repeat(40)}`]) {
          const { status, body } = await api.anonymous('GET', `/v2/${resource}`, undefined, { authorization });
          assert.equal(status, 401, `${resource} ${authorization}`);
          assert.deepEqual(body, { errors: [{ status: 401, title: 'Unable to validate access token' }] });
        }
      }
    },
  },
];
