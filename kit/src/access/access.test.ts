import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';
import jwt from 'jsonwebtoken';
import type { MeshReply, MeshRequest } from '../mesh/client.ts';
import { ServiceError } from '../service/errors.ts';
import { authenticator, bearerToken } from './authenticate.ts';
import { subjectFinder } from './subjects.ts';

let nowMs = 0;
let requests: MeshRequest[] = [];
let reply: (request: MeshRequest) => Partial<MeshReply> | Promise<never>;
beforeEach(() => {
  nowMs = Date.parse('2018-06-01T12:00:00Z');
  requests = [];
});

const mesh = {
  send: async (request: MeshRequest): Promise<MeshReply> => {
    requests.push(request);
    return { status: 200, text: '', retryable: true, ...(await reply(request)) };
  },
};
const now = () => nowMs;
const credentials = { id: 'brands', secret: 'let me ask' };
const issuer = { service: 'monolith', path: '/oauth/introspect', credentials };
const open = (opaque: Parameters<typeof authenticator>[0]['opaque'] = issuer) =>
  authenticator({ mesh, now, keys: { service: 'auth', path: '/keys' }, opaque });
const code = (expected: string) => (error: unknown) => error instanceof ServiceError && error.code === expected;
const refused = code('invalid_token');
const unreachable = () => Promise.reject(new ServiceError('peer_unavailable'));

test('both forms of the header hold a token, and no other does', () => {
  for (const header of ['Bearer abc', 'Bearer: abc', 'bearer   abc ']) assert.equal(bearerToken(header), 'abc', header);
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'abc']) {
    assert.equal(bearerToken(header), undefined, header);
  }
});

describe('a JWT', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const published = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' };
  const sign = (claims: object = {}, options: jwt.SignOptions = {}, key = privateKey) => {
    const iat = Math.floor(nowMs / 1_000);
    const all = { sub: 'client', identifier: 'implicit', scope: 'catalog:read', iat, exp: iat + 3_600, ...claims };
    return jwt.sign(JSON.parse(JSON.stringify(all)), key, { algorithm: 'ES256', keyid: 'k1', ...options });
  };
  let authenticate = open();
  const ask = (token: string) => authenticate(`Bearer ${token}`, {});
  beforeEach(() => {
    authenticate = open();
    reply = () => ({ text: JSON.stringify({ keys: [null, { kid: 'odd' }, published] }) });
  });

  test('is verified with the keys that its issuer publishes, which are asked for once', async () => {
    const access = { kind: 'implicit', clientId: 'client', scope: 'catalog:read' };
    assert.deepEqual(await Promise.all([ask(sign()), ask(sign())]), [access, access]);
    assert.deepEqual(requests, [{ service: 'auth', method: 'GET', path: '/keys' }]);
  });

  test('is refused when it is expired, endless, forged or not one', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const secret = publicKey.export({ format: 'pem', type: 'spki' });
    const confused = jwt.sign({ sub: 'client' }, Buffer.from(secret), { algorithm: 'HS256', keyid: 'k1' });
    const [head = '', claims = '', signature = ''] = sign().split('.');
    const part = (text: string) => Buffer.from(text).toString('base64url');
    for (const token of [
      ...[
        sign({ exp: nowMs / 1_000 - 1 }),
        sign({ exp: undefined }),
        sign({ sub: undefined }),
        sign({ identifier: 'x' }),
      ],
      ...[sign({}, {}, other), sign({}, { keyid: 'k2' }), confused, `${head}.${claims}.`, '..', 'a.b.c'],
      ...[
        `${head}.${part('no json')}.${signature}`,
        `${part('no json')}.${claims}.${signature}`,
        `${head}..${signature}`,
      ],
      ...[`${head}.${claims}.AA`, `${part('{"alg":"ES256","typ":"JWT","kid":{"toString":1}}')}.${claims}.${signature}`],
      ...[
        `${part('{"alg":"none","kid":"k1"}')}.${claims}.`,
        jwt.sign('null', privateKey, { algorithm: 'ES256', keyid: 'k1' }),
      ],
    ]) {
      await assert.rejects(ask(token), refused, token);
    }
  });

  test('with an unknown key id makes the keys be read again, but not by each invented one', async () => {
    await ask(sign());
    for (const keyid of ['k2', 'k3']) await assert.rejects(ask(sign({}, { keyid })), refused);
    assert.equal(requests.length, 1);
    nowMs += 10_000;
    reply = () => ({ text: JSON.stringify({ keys: [published, { ...published, kid: 'k2' }] }) });
    assert.equal((await ask(sign({}, { keyid: 'k2' }))).clientId, 'client');
    assert.equal(requests.length, 2);
  });

  test('stays valid while its issuer is down or publishes nothing usable, and is 503 before it ever was up', async () => {
    for (const text of ['{"keys":[]}', '<html>', 'null']) {
      reply = () => ({ text });
      await assert.rejects(ask(sign()), code('issuer_unavailable'), text);
    }
    reply = () => ({ text: JSON.stringify({ keys: [published] }) });
    await ask(sign());
    for (const down of [unreachable, () => ({ text: '{"keys":[]}' }), () => ({ status: 502 })]) {
      reply = down;
      nowMs += 400_000;
      assert.equal((await ask(sign())).clientId, 'client');
      await assert.rejects(ask(sign({}, { keyid: 'k9' })), refused);
    }
  });
});

describe('an opaque token', () => {
  const token = 'a'.repeat(40);
  const live = { active: true, client_id: 'client', identifier: 'client_credentials', scope: 'x', exp: 2_147_483_647 };
  const says = (body: unknown, status = 200) => {
    reply = () => ({ status, text: JSON.stringify(body) });
  };
  let authenticate = open();
  const ask = (text = token) => authenticate(`Bearer ${text}`, {});
  beforeEach(() => {
    authenticate = open();
    says(live);
  });

  test('is introspected at its issuer, once while the reply is fresh', async () => {
    const access = { kind: 'client_credentials', clientId: 'client', scope: 'x' };
    assert.deepEqual(await Promise.all([ask(), ask()]), [access, access]);
    nowMs += 9_999;
    await ask();
    assert.equal(requests.length, 1);
    const [{ service, path, body, headers } = assert.fail()] = requests;
    assert.deepEqual([service, path, body], ['monolith', '/oauth/introspect', `token=${token}`]);
    assert.equal(headers?.authorization, `Basic ${Buffer.from('brands:let me ask').toString('base64')}`);
    says({ active: false });
    nowMs += 1;
    await assert.rejects(ask(), refused, 'it was revoked');
  });

  test('is refused once it has expired, however fresh the reply', async () => {
    says({ ...live, exp: nowMs / 1_000 + 5 });
    await ask();
    says({ active: false });
    nowMs += 5_000;
    await assert.rejects(ask(), refused);
  });

  test('keeps its last reply for a limited time while its issuer cannot be reached', async () => {
    await ask();
    reply = unreachable;
    nowMs += 299_999;
    assert.equal((await ask()).clientId, 'client');
    nowMs += 1;
    await assert.rejects(ask(), code('peer_unavailable'));
  });

  test('in another form is refused without asking, and any is where there are no credentials', async () => {
    for (const text of ['x', 'A'.repeat(40), `${token}0`, 'a&token=b', 'a'.repeat(39)]) {
      await assert.rejects(ask(text), refused, text);
    }
    authenticate = open({ ...issuer, credentials: null });
    await assert.rejects(ask(), refused);
    assert.deepEqual(requests, []);
  });

  test('a failure to ask is reported and not remembered', async () => {
    for (const [body, status] of [
      [live, 401],
      [live, 503],
      [null, 200],
      [{ active: 'yes' }, 200],
      [{ ...live, exp: 'soon' }, 200],
      [{ ...live, identifier: 'root' }, 200],
      [{ ...live, client_id: 5 }, 200],
    ] as const) {
      says(body, status);
      await assert.rejects(ask(), code('peer_unavailable'), JSON.stringify([body, status]));
    }
    reply = () => ({ text: '<html>' });
    await assert.rejects(ask(), code('peer_unavailable'));
    says(live);
    assert.equal((await ask()).clientId, 'client');
  });
});

test('a second token is asked about by a GET with its header, and names a subject', async () => {
  const find = subjectFinder({ mesh, now, issuer, header: 'x-second' });
  reply = () => ({ text: JSON.stringify({ active: true, sub: 'me', exp: nowMs / 1_000 + 60 }) });
  assert.equal(await find('a.b.c', {}), 'me');
  const [asked] = requests;
  assert.deepEqual([asked?.method, asked?.headers?.['x-second'], asked?.body], ['GET', 'a.b.c', undefined]);
  for (const text of ['', 'x', 'a.b', 'a.b.c&x=1', 'a.b.c d']) assert.equal(await find(text, {}), null, text);
  reply = () => ({ text: JSON.stringify({ active: true, exp: 1 }) });
  await assert.rejects(find('a.b.d', {}), code('peer_unavailable'));
  assert.equal(requests.length, 2);
});
