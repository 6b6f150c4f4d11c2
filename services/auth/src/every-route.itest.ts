import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import {
  createTestDatabase,
  type FakeMesh,
  fakeMesh,
  type Instance,
  importRows,
  introspection,
  startInstance,
  type TestDatabase,
  testClient,
  until,
} from './testing.ts';

const seed = Number(process.env.FUZZ_SEED ?? 1);
const migrationToken = 'the token of the migration';
const basic = `Basic ${Buffer.from(Object.values(introspection).join(':')).toString('base64')}`;

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

describe('no route responds with 500', () => {
  let database: TestDatabase;
  let mesh: FakeMesh;
  let auth: Instance;
  let token: string;
  const client = testClient();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  before(async () => {
    database = await createTestDatabase();
    mesh = await fakeMesh();
    // A valid reply about an opaque token and about a refresh token.
    mesh.reply = {
      status: 200,
      body: { active: false, access_token: 'x', expires: 1, identifier: 'implicit' },
    };
    auth = await startInstance(database.url, { MESH_URL: mesh.url, MIGRATION_TOKEN: migrationToken });
    await auth.service.ready;
    await importRows(database, [client.row]);
    await until('a token', async () => (await auth.token(client)).status === 200);
    token = (await auth.token(client)).body.access_token;
  });
  after(async () => {
    agent.destroy();
    await auth.close();
    mesh.close();
    await database.drop();
  });

  /** Parsed from the tree that the running server prints. The indentation is the depth. */
  const routes = () => {
    const way: string[] = [];
    return auth.service
      .printRoutes()
      .split('\n')
      .flatMap((line) => {
        const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
        if (part === '') return [];
        way.length = indent.length / 4;
        way.push(part);
        const path = way.join('').replace(/:(resource|group)/, 'auth-clients');
        return methods.split(', ').flatMap((method) => (method === '' ? [] : [{ method, path }]));
      });
  };

  const send = async ({ method, path, headers, body }: Sent) => {
    const { port } = new URL(auth.service.url);
    const bodied = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const sent = request({ agent, port, method, path, headers: { ...headers, ...bodied } });
    const arrived = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.end(method === 'POST' ? body : undefined);
    const [response] = await arrived;
    return { status: response.statusCode ?? 0, body: await text(response) };
  };

  const shape = async (sent: Sent) => {
    const { status, body } = await send(sent);
    const shown = `${JSON.stringify(sent).slice(0, 400)} -> ${status} ${body.slice(0, 300)}`;
    assert.ok(status < 500, shown);
    if (status < 400 || sent.method === 'HEAD') return;
    assert.equal(JSON.parse(body).errors[0].status, status, shown);
  };

  const part = (value: string) => Buffer.from(value).toString('base64url');

  /** Tokens of both kinds: valid, wrong and damaged. */
  const wrongTokens = () => {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    return [
      ...[
        '',
        'x',
        '.',
        '..',
        '...',
        'a.b.c',
        'a'.repeat(40),
        'x'.repeat(9_000),
        '\0',
        '\u00ff',
        token,
        `${head}.${claims}.`,
      ],
      ...[
        `${head}.${claims}.AA`,
        `${head}.${part('no json')}.${signature}`,
        `${part('no json')}.${claims}.${signature}`,
      ],
      ...['{}', 'null', '[]', '{"alg":{}}', '{"alg":"none"}', '{"alg":"ES256","kid":{"toString":1}}'].map(
        (header) => `${part(header)}.${claims}.${signature}`,
      ),
      `${part(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid }))}.${part('no json')}.AA`,
    ];
  };

  const wrong = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', '\0', '\ud800', [], {}, { toString: 1 }, [[{ a: 1 }]]),
    fc.string({ maxLength: 60 }),
    fc.constantFrom('x'.repeat(600), 'x'.repeat(20_000), '__proto__'),
  );

  test('the routes are those of the running service', () => {
    const known = routes().map(({ method, path }) => `${method} ${path}`);
    for (const one of [
      'POST /oauth/access_token',
      'GET /.well-known/jwks.json',
      'POST /oauth/introspect',
      'POST /internal/import/auth-clients',
    ]) {
      assert.ok(known.includes(one), `${one} in ${known.join(', ')}`);
    }
  });

  test('for any text in place of a token, on every route', async () => {
    for (const route of routes()) {
      for (const wrongToken of wrongTokens()) {
        const path = route.path.replace('*', 'x');
        const form = new URLSearchParams({ token: wrongToken, grant_type: 'refresh_token', client_id: 'c' });
        form.set('refresh_token', wrongToken);
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        for (const authorization of [basic, `Basic ${part(wrongToken)}`, `Bearer ${part(wrongToken)}`]) {
          await shape({ ...route, path, headers: { ...headers, authorization }, body: form.toString() });
        }
      }
    }
  });

  test(`for generated requests (FUZZ_SEED=${seed})`, async () => {
    const members = [
      'grant_type',
      'client_id',
      'client_secret',
      'refresh_token',
      'token',
      '__proto__',
      'data',
      'changes',
    ];
    const right: Record<string, unknown> = { client_id: client.row.client_id, grant_type: 'refresh_token', token };
    const object = fc
      .dictionary(fc.constantFrom(...members), wrong, { maxKeys: 6 })
      .chain((odd) => fc.boolean().map((mixed) => (mixed ? { ...right, ...odd } : odd)));
    const grants = fc.constantFrom('implicit', 'client_credentials', 'refresh_token', 'password');
    const json = fc.oneof(
      object.map((value) => JSON.stringify(value)),
      fc.tuple(object, grants).map(([value, grant_type]) => JSON.stringify({ ...value, grant_type })),
      wrong.map((value) => JSON.stringify(value)),
      fc.constantFrom('', '{', '['.repeat(8_000), '{"a":'.repeat(2_000), '{"__proto__":{}}', '\ufeff{}'),
    );
    const form = fc.oneof(
      object.map((value) =>
        Object.entries(value)
          .map(([name, one]) => `${name}=${encodeURIComponent(String(JSON.stringify(one)).toWellFormed())}`)
          .join('&'),
      ),
      fc.constantFrom('=', '&&', '%', 'token=%ED%A0%80', 'grant_type=implicit&grant_type=implicit', '__proto__=x'),
    );
    const type = fc.constantFrom('application/json', 'application/json; charset=x', 'text/xml', 'x', '');
    const bodies = fc.oneof(
      fc.tuple(json, type),
      form.map((body): [string, string] => [body, 'application/x-www-form-urlencoded']),
    );
    const header = fc.constantFrom(
      ...[
        {},
        { 'idempotency-key': 'k' },
        { 'idempotency-key': '\u00ff' },
        { 'idempotency-key': 'x'.repeat(2_000) },
        { 'x-request-timeout-ms': 'NaN' },
        { baggage: '\u00ff' },
        { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: '\u00ff\u0080' },
        { 'x-mesh-override': '\u00e9' },
        { 'x-mesh-shadow': 'x'.repeat(200) },
        { authorization: 'Basic !' },
        { authorization: `Bearer ${migrationToken}` },
      ].map((one) => ({ authorization: basic, ...one }) as Record<string, string>),
    );
    const query = fc.constantFrom('', '', '?token=x', '?%00', `?${'x'.repeat(3_000)}`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes()),
        bodies,
        header,
        query,
        async (route, [body, media], more, tail) => {
          const headers = { ...more, ...(media !== '' && { 'content-type': media }) };
          await shape({ method: route.method, path: route.path.replace('*', 'x') + tail, headers, body });
        },
      ),
      { seed, numRuns: 600 },
    );
  });
});
