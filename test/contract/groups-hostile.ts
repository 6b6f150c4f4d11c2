import assert from 'node:assert/strict';
import type { Api, Case } from './api.ts';
import { type Group, makeGroup } from './groups-goods.ts';

const inShape = (reply: Awaited<ReturnType<Api['admin']>>, shown: string) => {
  assert.ok(reply.status < 500, `${shown} -> ${reply.status}`);
  if (reply.status >= 400) assert.equal(reply.body.errors[0].status, reply.status, shown);
};

/** Bodies that no real client sends. */
const bodies = [
  ...['', ' ', 'null', '5', '"x"', '[]', '{}', '{', '{"data":undefined}', '{"data":null}', '{"data":5}', '{"data":[]}'],
  ...['{"data":{"__proto__":{"id":1}}}', '{"data":{"constructor":{"prototype":{}}}}', '{"__proto__":{"data":{}}}'],
  `{"data":${'['.repeat(70)}${']'.repeat(70)}}`,
  `{"data":{"data":{"data":{}}}}`,
];

/** Texts that are members of a group. The last two cannot be stored. */
const texts = [
  ...[
    '',
    ' ',
    'x'.repeat(255),
    'x'.repeat(256),
    '\u{1f600}'.repeat(255),
    '\u{1f600}'.repeat(256),
    "'; drop table brands",
  ],
  ...['a\u0000b', '\ud800', 'x\udc00'],
];

/** What no real client sends. */
export function groupHostileCases(group: Group): Case[] {
  const { plural, type } = group;
  const base = `/v2/${plural}`;
  return [
    {
      name: 'a body that is no request is refused in the shape of the API',
      run: async (api) => {
        const own = await makeGroup(api, group);
        const paths = ['parent', 'children', plural].map((name) => `${base}/${own}/relationships/${name}`);
        for (const body of bodies) {
          inShape(await api.admin('POST', base, body), `POST ${body}`);
          inShape(await api.admin('PUT', `${base}/${own}`, body), `PUT ${body}`);
          for (const path of paths) inShape(await api.admin('POST', path, body), `${path} ${body}`);
        }
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'x',
        ]) {
          const reply = await api.admin('POST', base, 'a=b', { 'content-type': type });
          assert.deepEqual([reply.status, reply.body.errors[0].title], [415, 'Unsupported Media Type'], type);
        }
      },
    },
    {
      name: 'any text is stored as it is, or refused',
      run: async (api) => {
        for (const [n, text] of texts.entries()) {
          const data = { type, name: text, slug: `${api.tag}-${n}`, description: text, status: 'live' };
          const made = await api.admin('POST', base, { data });
          inShape(made, text);
          if (made.status !== 201) continue;
          const { body } = await api.shopper('GET', `${base}/${made.body.data.id}`);
          assert.deepEqual([body.data.name, body.data.description], [text, text]);
        }
        for (const text of ['a\u0000b', '\ud800', 'x\udc00']) {
          const data = { type, name: text, slug: `${api.tag}-odd` };
          assert.equal((await api.admin('POST', base, { data })).status, 400);
          assert.equal((await api.admin('POST', base, { data: { ...data, name: 'N', [text]: 1 } })).status, 400);
        }
        const description = '\u{1f600}'.repeat(65_536);
        const data = { type, name: 'N', slug: `${api.tag}-long`, description };
        assert.equal((await api.admin('POST', base, { data })).body.data.description, description);
        data.description += 'x';
        assert.equal((await api.admin('POST', base, { data })).status, 422);
      },
    },
    {
      name: 'an odd query or path is refused in the shape of the API',
      run: async ({ admin }) => {
        const odd = [
          '%00',
          '%ED%A0%80',
          '%',
          "'",
          '1e308',
          '-17.5',
          '9'.repeat(30),
          '('.repeat(300),
          '%F0%9F%92%A9',
          'a%0Ab',
        ];
        for (const value of odd) {
          for (const query of [
            ...[
              'filter=eq(name,V)',
              'filter=like(name,*V*)',
              'filter=eq(id,V)',
              'filter=eq(V,x)',
              'filter=V',
              'sort=V',
            ],
            ...['include=V', 'page[limit]=V', 'page[offset]=V', 'V=1', 'page[limit]=1&page[limit]=V'],
          ]) {
            const path = `${base}?${query.replace('V', value)}`;
            inShape(await admin('GET', path), path);
          }
          inShape(await admin('GET', `${base}/${value}`), value);
          inShape(await admin('GET', `${base}/${value}/relationships/parent`), value);
        }
        for (const path of [`${base}/`, `${base}/tree/`, `${base}/attributes/`]) {
          assert.equal((await admin('GET', path)).status, 200, path);
        }
        for (const [method, path] of [
          ['PATCH', base],
          ['DELETE', base],
          ['GET', `${base}/x/y`],
          ['GET', `${base}/${'x'.repeat(500)}`],
          ['POST', `${base}/tree`],
        ] as const) {
          assert.equal((await admin(method, path, method === 'GET' ? undefined : {})).status, 404, `${method} ${path}`);
        }
      },
    },
    {
      name: 'a token is read in both forms of the header, and every other one is 401',
      run: async ({ anonymous, shopper }) => {
        assert.equal((await shopper('GET', base)).status, 200);
        for (const authorization of [
          '',
          'Bearer',
          'Bearer ',
          'Basic abc',
          'Bearer a b',
          'Bearer a.b.c',
          'Bearer ..',
          'x',
        ]) {
          const { status, body } = await anonymous('GET', base, undefined, { authorization });
          assert.equal(status, 401, authorization);
          assert.deepEqual(body, { errors: [{ status: 401, title: 'Unable to validate access token' }] });
        }
        const unknown = await anonymous('GET', base, undefined, { authorization: `Bearer ${'f'.repeat(40)}` });
        assert.equal(unknown.status, 401);
      },
    },
    {
      name: `a customer token is verified, although ${plural} are the same for all customers`,
      run: async ({ admin, shopper, tag }) => {
        const [email, password] = [`${tag}@example.com`, 'secret'];
        const customer = { type: 'customer', name: 'Ada', email, password };
        const { id } = (await admin('POST', '/v2/customers', { data: customer })).body.data;
        const signIn = { data: { type: 'token', email, password } };
        const { token } = (await shopper('POST', '/v2/customers/tokens', signIn)).body.data;
        const read = (call: Api['admin'], customerToken: string) =>
          call('GET', `${base}?page[limit]=1`, undefined, { 'x-moltin-customer-token': customerToken });
        assert.equal((await read(shopper, token)).status, 200);
        assert.equal((await read(shopper, '')).status, 200);
        for (const wrong of [`${token}x`, 'x', 'a.b.c', `${token.split('.').slice(0, 2).join('.')}.`, `${token}&x=1`]) {
          const { status, body } = await read(admin, wrong);
          assert.equal(status, 403, wrong);
          assert.deepEqual(body.errors, [
            { status: 403, title: 'Forbidden', detail: 'The customer token is not valid' },
          ]);
        }
        assert.equal((await admin('DELETE', `/v2/customers/${id}`)).status, 204);
      },
    },
    {
      name: 'browsers may send requests from any origin, with any header',
      run: async ({ anonymous, shopper }) => {
        const preflight = await anonymous('OPTIONS', base, undefined, {
          origin: 'https://shop.example',
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization,x-moltin-currency',
        });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
        assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /PUT.*DELETE/);
        assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /x-moltin-currency/);
        const denied = await anonymous('GET', base, undefined, { origin: 'https://shop.example' });
        assert.equal(denied.headers.get('access-control-allow-origin'), '*', 'or the browser hides why it failed');
        const head = await shopper('HEAD', base);
        assert.deepEqual([head.status, head.body], [200, undefined]);
      },
    },
    {
      name: `the attributes of a ${type} are described`,
      run: async ({ shopper }) => {
        const { body } = await shopper('GET', `${base}/attributes`);
        assert.deepEqual(body.meta, { entity: plural, version: 'v2' });
        assert.deepEqual(
          body.data.map(({ value, required }: { value: string; required: boolean }) => [value, required]),
          [
            ['type', true],
            ['name', true],
            ['slug', true],
            ['description', false],
            ['status', false],
          ],
        );
      },
    },
  ];
}
