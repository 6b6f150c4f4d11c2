import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/v2/settings';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

export const settingHostileCases: Case[] = [
  {
    name: 'settings: a body that is no request is refused in the shape of the API, and changes nothing',
    run: async ({ admin }) => {
      const before = (await admin('GET', path)).body;
      for (const body of [
        ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}'],
        ...['{"data":[]}', '{"data":{"__proto__":{"page_length":1}}}', '{"__proto__":{"data":{"page_length":1}}}'],
        ...['{"data":{"constructor":{"page_length":1}}}', '{"data":{"data":{"data":{"page_length":1}}}}'],
        ...['{"data":{"page_length":1e400}}', '{"data":{"page_length":"1"}}', '{"data":{"page_length":{}}}'],
        ...['{"data":{"additional_languages":{"0":"fr"}}}', '{"data":{"additional_languages":[["fr"]]}}'],
        ...['{"data":{"additional_languages":["constructor"]}}', '{"data":{"calculation_method":["line"]}}'],
        ...['{"data":{"x":"\\u0000"}}', '{"data":{"x":"\\ud800"}}'],
        `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
        `{"data":{"additional_languages":[${'"fr",'.repeat(5_000)}"fr"]}}`,
      ]) {
        inShape(await admin('PUT', path, body), `PUT ${body.slice(0, 60)}`);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'x']) {
        assert.equal((await admin('PUT', path, 'a=b', { 'content-type': type })).status, 415, type);
      }
      assert.deepEqual((await admin('GET', path)).body, before);
    },
  },
  {
    name: 'settings keep the first and the last value of each range, and languages in their order, twins included',
    run: async ({ admin }) => {
      const { data: before } = (await admin('GET', path)).body;
      for (const change of [
        { page_length: 1, additional_languages: ['zu', 'aa', 'zu', 'fr', 'de'] },
        { page_length: 100, additional_languages: [], list_child_products: false, calculation_method: 'line' },
        { page_length: 7.0, list_child_products: true, calculation_method: 'simple' },
        {},
      ]) {
        const { status, body } = await admin('PUT', path, { data: change });
        assert.deepEqual([status, body.data], [200, { ...body.data, ...change }]);
        assert.deepEqual((await admin('GET', path)).body, body);
      }
      assert.equal((await admin('PUT', path, { data: before })).status, 200);
    },
  },
  {
    name: 'settings: they are read and changed at one path, and nothing else is there',
    run: async ({ admin }) => {
      for (const [method, one] of [
        ...[['POST', path] as const, ['PATCH', path] as const, ['DELETE', path] as const],
        ...[['GET', `${path}/cart`] as const, ['PUT', `${path}/cart`] as const, ['GET', `${path}/attributes`] as const],
        ...[['GET', `${path}/x/y`] as const, ['GET', '/v2/settingsx'] as const],
      ]) {
        assert.equal((await admin(method, one, method === 'GET' ? undefined : {})).status, 404, `${method} ${one}`);
      }
      for (const value of ['%00', '%ED%A0%80', '%', "'", '9'.repeat(30), '%F0%9F%92%A9', 'a%0Ab', 'x'.repeat(500)]) {
        inShape(await admin('GET', `${path}/${value}`), value);
        inShape(
          await admin('GET', `${path}?filter=${value}&page[limit]=${value}&sort=${value}&include=${value}`),
          value,
        );
      }
    },
  },
  {
    name: 'settings: a wrong token is 401, a wrong customer token 403, and browsers may ask from anywhere',
    run: async ({ admin, anonymous }) => {
      for (const authorization of [
        '',
        'Bearer',
        'Basic abc',
        'Bearer a b',
        'Bearer a.b.c',
        `Bearer ${'f'.repeat(40)}`,
      ]) {
        const { status, body } = await anonymous('GET', path, undefined, { authorization });
        assert.equal(status, 401, authorization);
        assert.deepEqual(body, { errors: [{ status: 401, title: 'Unable to validate access token' }] });
      }
      const denied = await admin('GET', path, undefined, { 'x-moltin-customer-token': 'a.b.c' });
      assert.deepEqual([denied.status, denied.body.errors[0].detail], [403, 'The customer token is not valid']);
      for (const currency of ['XXX', 'dollars', '']) {
        inShape(await admin('GET', path, undefined, { 'x-moltin-currency': currency }), currency);
      }
      const asked = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' };
      assert.equal((await anonymous('OPTIONS', path, undefined, asked)).status, 204);
      const head = await admin('HEAD', path);
      assert.deepEqual([head.status, head.body], [200, undefined]);
    },
  },
  {
    name: 'settings: services are told what they need at a path that no token of the API opens',
    run: async ({ admin, shopper, anonymous, next }) => {
      const internal = '/internal/settings';
      const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
      // The credentials of introspection that the sides of the contract have.
      const peer = { authorization: basic('services:let me ask') };
      const { data: before } = (await admin('GET', path)).body;
      assert.equal((await admin('PUT', path, { data: { page_length: 40 + next() } })).status, 200);
      for (const reply of [
        await admin('GET', internal),
        await shopper('GET', internal),
        await anonymous('GET', internal),
        await anonymous('GET', internal, undefined, { authorization: basic('services:') }),
        await anonymous('GET', internal, undefined, { authorization: basic('') }),
      ]) {
        assert.deepEqual([reply.status, reply.body.errors[0].detail], [401, 'The client credentials are not valid']);
      }
      const { status, body } = await anonymous('GET', internal, undefined, peer);
      assert.deepEqual(
        [status, body],
        [200, { data: { page_length: 41, calculation_method: before.calculation_method } }],
      );
      assert.equal((await admin('PUT', path, { data: before })).status, 200);
    },
  },
];
