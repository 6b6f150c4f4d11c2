import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';

const path = '/v2/currencies';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

const dollars = async (api: Api): Promise<string> => (await api.shopper('GET', path)).body.data[0].id;

export const currencyHostileCases: Case[] = [
  {
    name: 'a body that is no request is refused in the shape of the API',
    run: async (api) => {
      const usd = await dollars(api);
      for (const body of [
        ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}'],
        ...['{"data":[]}', '{"data":{"__proto__":{"id":1}}}', '{"__proto__":{"data":{}}}', '{"data":{"data":{}}}'],
        `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
      ]) {
        inShape(await api.admin('POST', path, body), `POST ${body}`);
        inShape(await api.admin('PUT', `${path}/${usd}`, body), `PUT ${body}`);
        inShape(await api.admin('PUT', `${path}/nope`, body), `PUT nope ${body}`);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'x']) {
        assert.equal((await api.admin('POST', path, 'a=b', { 'content-type': type })).status, 415, type);
      }
    },
  },
  {
    name: 'any text is stored as it is, or refused',
    run: async (api) => {
      const usd = await dollars(api);
      const { format: before } = (await api.shopper('GET', `${path}/${usd}`)).body.data;
      for (const text of ['', ' ', '\u{1f600}', "'; drop table currencies", 'é', '\\', '"', '\u0001', 'x'.repeat(57)]) {
        const data = {
          format: `${text}{price}`,
          decimal_point: text.slice(0, 4),
          thousand_separator: text.slice(0, 4),
        };
        const { status, body } = await api.admin('PUT', `${path}/${usd}`, { data });
        assert.deepEqual([status, body.data.format], [200, data.format]);
        assert.deepEqual((await api.shopper('GET', `${path}/${usd}`)).body, body);
      }
      for (const text of ['a\u0000', '\ud800', 'x\udc00']) {
        assert.equal((await api.admin('PUT', `${path}/${usd}`, { data: { format: `${text}{price}` } })).status, 400);
      }
      const plain = { format: before, decimal_point: '.', thousand_separator: ',' };
      assert.equal((await api.admin('PUT', `${path}/${usd}`, { data: plain })).status, 200);
    },
  },
  {
    name: 'an odd query or path is refused in the shape of the API',
    run: async (api) => {
      const { admin } = api;
      for (const value of ['%00', '%ED%A0%80', '%', "'", '9'.repeat(30), '%F0%9F%92%A9', 'a%0Ab', 'x'.repeat(500)]) {
        inShape(await admin('GET', `${path}/${value}`), value);
        inShape(await admin('GET', `${path}?filter=${value}&page[limit]=${value}&sort=${value}`), value);
      }
      assert.equal((await admin('GET', `${path}/`)).status, 200);
      const every = await admin('GET', `${path}?page[limit]=1&page[offset]=5&filter=eq(code,XXX)&sort=-code`);
      assert.equal(every.body.data.length, 1, 'the list has no pages, filters or orders');
      for (const [method, one] of [
        ['PATCH', path],
        ['DELETE', path],
        ['GET', `${path}/attributes`],
        ['GET', `${path}/x/y`],
      ] as const) {
        assert.equal((await admin(method, one, method === 'GET' ? undefined : {})).status, 404, `${method} ${one}`);
      }
    },
  },
  {
    name: 'a wrong token is 401, a wrong customer token 403, and browsers may ask from anywhere',
    run: async ({ admin, anonymous, shopper }) => {
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
      const detail = 'The customer token is not valid';
      assert.deepEqual(denied.body.errors, [{ status: 403, title: 'Forbidden', detail }]);
      const preflight = await anonymous('OPTIONS', path, undefined, {
        origin: 'https://shop.example',
        'access-control-request-method': 'PUT',
      });
      assert.equal(preflight.status, 204);
      const head = await shopper('HEAD', path);
      assert.deepEqual([head.status, head.body], [200, undefined]);
    },
  },
];
