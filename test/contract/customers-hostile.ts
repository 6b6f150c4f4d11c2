import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { sampleAddress, signIn, signUp, tokenOf } from './buyers.ts';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

/** Bodies that no real client sends. */
const bodies = [
  ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}', '{"data":[]}'],
  ...['{"data":{"__proto__":{"id":1}}}', '{"data":{"constructor":{"prototype":{}}}}', '{"__proto__":{"data":{}}}'],
  `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
  `{"data":{"type":"customer","name":{},"email":[],"password":true}}`,
  `{"data":{"type":"token","email":{"$ne":null},"password":{"$gt":""}}}`,
];

/** The last three cannot be stored. */
const texts = [
  ...[
    '',
    ' ',
    'x'.repeat(255),
    'x'.repeat(256),
    '\u{1f600}'.repeat(255),
    "'; drop table customers",
    'd\u00e9j\u00e0  ',
  ],
  ...['a\u0000b', '\ud800', 'x\udc00'],
];

export const customerHostileCases: Case[] = [
  {
    name: 'customers: a body that is no request is refused in the shape of the API',
    run: async (api) => {
      const { id } = await signUp(api);
      const made = await api.admin('POST', `/v2/customers/${id}/addresses`, {
        data: { type: 'address', ...sampleAddress },
      });
      const address = `/v2/customers/${id}/addresses/${made.body.data.id}`;
      for (const body of bodies) {
        for (const [method, path] of [
          ['POST', '/v2/customers'],
          ['POST', '/v2/customers/tokens'],
          ['PUT', `/v2/customers/${id}`],
          ['POST', `/v2/customers/${id}/addresses`],
          ['PUT', address],
          ['POST', `/v2/customers/${id}/relationships/none`],
        ] as const) {
          inShape(await api.admin(method, path, body), `${method} ${path} ${body}`);
        }
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'x']) {
        for (const path of ['/v2/customers', '/v2/customers/tokens']) {
          const reply = await api.admin('POST', path, 'a=b', { 'content-type': type });
          assert.deepEqual([reply.status, reply.body.errors[0].title], [415, 'Unsupported Media Type'], type);
        }
      }
    },
  },
  {
    name: 'customers: any text is stored as it is, or refused',
    run: async (api) => {
      const { id } = await signUp(api);
      for (const [n, text] of texts.entries()) {
        const data = { type: 'customer', name: text, email: `t${n}.${api.tag}@example.com` };
        const made = await api.admin('POST', '/v2/customers', { data });
        inShape(made, text);
        if (made.status === 201) {
          assert.equal((await api.admin('GET', `/v2/customers/${made.body.data.id}`)).body.data.name, text);
        }
        const address = { type: 'address', ...sampleAddress, city: text, instructions: text };
        const kept = await api.admin('POST', `/v2/customers/${id}/addresses`, { data: address });
        inShape(kept, text);
        if (kept.status === 201) assert.equal(kept.body.data.instructions, text);
      }
      const instructions = '\u{1f600}'.repeat(4_096);
      const data = { type: 'address', ...sampleAddress, instructions };
      const path = `/v2/customers/${id}/addresses`;
      assert.equal((await api.admin('POST', path, { data })).body.data.instructions, instructions);
      data.instructions += 'x';
      assert.equal((await api.admin('POST', path, { data })).status, 422);
    },
  },
  {
    name: 'customers: an e-mail address is one whatever the case of A to Z, and no other letter is another one',
    run: async (api) => {
      const make = (email: string) =>
        api.admin('POST', '/v2/customers', { data: { type: 'customer', name: 'N', email, password: 'p' } });
      const email = `\u00c9A.${api.tag}@EXAMPLE.com`;
      const made = await make(email);
      assert.deepEqual([made.status, made.body.data.email], [201, email]);
      assert.equal((await make(`\u00c9a.${api.tag}@example.COM`)).status, 422);
      assert.equal((await make(`\u00e9a.${api.tag}@example.com`)).status, 201, 'other letters keep their case');
      assert.equal((await make(`EA.${api.tag}@example.com`)).status, 201, 'an accent counts');
      assert.equal((await signIn(api, `\u00c9a.${api.tag}@example.com`, 'p')).body.data.customer_id, made.body.data.id);
      for (const wrong of ['', 'x', 'a@', '@b', 'a b@c', `${'a'.repeat(243)}@example.com`, 'a@b@c', 'a@b\n']) {
        const { status, body } = await make(wrong);
        assert.deepEqual([status, body.errors[0].source], [422, 'data.email'], wrong);
      }
      const longest = `${'\u{1f600}'.repeat(100)}${api.tag}`.slice(0, 241);
      inShape(await make(`${longest}@example.com`), 'a long one');
    },
  },
  {
    name: 'customers: signing in has one refusal, and takes no password for another one',
    run: async (api) => {
      const password = '\u{1f600} p\u00e4ss  ';
      const { id, email } = await signUp(api, { password });
      assert.equal((await signIn(api, email, password)).body.data.customer_id, id);
      const refused = [
        await signIn(api, email, password.trim()),
        await signIn(api, email, password.normalize('NFD')),
        await signIn(api, `x${email}`, password),
        await signIn(api, `${email} `, password),
      ];
      for (const { status, body } of refused) {
        assert.equal(status, 422);
        const [fault] = body.errors;
        assert.deepEqual([fault.title, fault.detail], ['Failed Validation', 'The email or password is not right.']);
      }
      const tooLong = await signIn(api, email, 'x'.repeat(257));
      assert.deepEqual([tooLong.status, tooLong.body.errors[0].source], [422, 'data.password']);
      assert.equal((await signIn(api, email, '')).status, 422);
      const put = await api.admin('PUT', `/v2/customers/${id}`, { data: { password: 'x'.repeat(257) } });
      assert.equal(put.status, 422);
      assert.equal((await signIn(api, email, password)).status, 201, 'the password is as it was');
    },
  },
  {
    name: 'customers: a token opens nothing of another customer',
    run: async (api) => {
      const [mine, yours] = [await signUp(api, { password: 'secret' }), await signUp(api)];
      const as = await tokenOf(api, mine.email, 'secret');
      const path = `/v2/customers/${yours.id}`;
      const made = await api.admin('POST', `${path}/addresses`, { data: { type: 'address', ...sampleAddress } });
      for (const [method, url, body] of [
        ['GET', path, undefined],
        ['PUT', path, { data: { name: 'Mine' } }],
        ['DELETE', path, undefined],
        ['GET', `${path}/addresses`, undefined],
        ['POST', `${path}/addresses`, { data: { type: 'address', ...sampleAddress } }],
        ['DELETE', `${path}/addresses/${made.body.data.id}`, undefined],
        ['GET', `/v2/customers/${mine.id.toUpperCase()}`, undefined],
      ] as const) {
        for (const call of [api.shopper, api.admin]) {
          assert.equal((await call(method, url, body, as)).status, 403, `${method} ${url}`);
        }
      }
      // Through the own record to the address of another.
      const through = `/v2/customers/${mine.id}/addresses/${made.body.data.id}`;
      assert.equal((await api.shopper('GET', through, undefined, as)).status, 404);
      assert.equal((await api.shopper('PUT', through, { data: { city: 'X' } }, as)).status, 404);
      assert.equal((await api.shopper('DELETE', through, undefined, as)).status, 404);
      assert.equal((await api.shopper('GET', '/v2/customers', undefined, as)).status, 403);
      assert.equal((await api.admin('GET', `${path}/addresses`)).body.data.length, 1);
      assert.equal((await api.anonymous('GET', `/v2/customers/${mine.id}`, undefined, as)).status, 401);
    },
  },
  {
    name: 'customers: an odd query or path is refused in the shape of the API',
    run: async (api) => {
      const { admin } = api;
      const { id } = await signUp(api);
      const odd = ['%00', '%ED%A0%80', '%', "'", '1e308', '-17.5', '9'.repeat(30), '('.repeat(300), 'a%0Ab'];
      for (const value of odd) {
        for (const query of [
          ...['filter=eq(name,V)', 'filter=like(email,*V*)', 'filter=eq(id,V)', 'filter=gt(created_at,V)', 'filter=V'],
          ...['sort=V', 'include=V', 'page[limit]=V', 'page[offset]=V', 'V=1'],
        ]) {
          const path = `/v2/customers?${query.replace('V', value)}`;
          inShape(await admin('GET', path), path);
        }
        for (const path of [`/v2/customers/${value}`, `/v2/customers/${id}/addresses/${value}`]) {
          inShape(await admin('GET', path), path);
        }
      }
      for (const path of ['/v2/customers/', '/v2/customers/attributes/', `/v2/customers/${id}/addresses/`]) {
        assert.equal((await admin('GET', path)).status, 200, path);
      }
      for (const [method, path] of [
        ['PATCH', '/v2/customers'],
        ['DELETE', '/v2/customers'],
        ['GET', '/v2/customers/tokens'],
        ['GET', `/v2/customers/${randomUUID()}`],
        ['GET', `/v2/customers/${randomUUID()}/addresses`],
        ['GET', `/v2/customers/x/addresses/y`],
        ['GET', `/v2/customers/${'x'.repeat(500)}`],
        ['GET', `/v2/customers/${id}/relationships/none`],
      ] as const) {
        assert.equal((await admin(method, path, method === 'PATCH' ? {} : undefined)).status, 404, `${method} ${path}`);
      }
    },
  },
];
