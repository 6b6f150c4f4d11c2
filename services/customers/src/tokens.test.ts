import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import jwt from 'jsonwebtoken';
import type { Customer } from './domain.ts';
import { CustomersError } from './errors.ts';
import { CustomerTokens } from './tokens.ts';

const id = 'aaaaaaaa-0000-4000-8000-000000000000';

function opened() {
  const it = {
    key: randomBytes(32) as Buffer | null,
    customer: { id, name: 'Ann', passwordHash: 'one' } as Customer | undefined,
    nowMs: 1_700_000_000_000,
    reads: 0,
  };
  const store = {
    tokenKey: async () => {
      it.reads += 1;
      return it.key;
    },
    find: async (wanted: string) => (it.customer?.id === wanted ? it.customer : undefined),
  };
  const tokens = new CustomerTokens(store, () => it.nowMs);
  const issue = () => tokens.issue(it.customer as Customer, it.customer?.passwordHash ?? '');
  return { it, tokens, issue };
}

test('a token is valid for a day, as its claims say', async () => {
  const { it, tokens, issue } = opened();
  const { token, expires, id: jti } = await issue();
  const claims = jwt.decode(token) as jwt.JwtPayload;
  assert.deepEqual(
    [claims.sub, claims.name, claims.exp, claims.iat, claims.jti],
    [id, 'Ann', expires, expires - 86_400, jti],
  );
  assert.equal(expires, 1_700_000_000 + 86_400);
  assert.deepEqual(await tokens.read(token), { customerId: id, exp: expires });
  it.nowMs += 86_400_000 - 1;
  assert.ok(await tokens.read(token));
  it.nowMs += 1;
  assert.equal(await tokens.read(token), null);
});

test('a change of password and the end of the customer end a token', async () => {
  for (const customer of [
    { id, name: 'Ann', passwordHash: 'two' },
    { id, name: 'Ann', passwordHash: null },
    undefined,
  ]) {
    const { it, tokens, issue } = opened();
    const { token } = await issue();
    it.customer = customer as Customer | undefined;
    assert.equal(await tokens.read(token), null);
  }
});

test('what has no signature of the key is no token', async () => {
  const { it, tokens, issue } = opened();
  const { token } = await issue();
  const [head = '', body = '', signature = ''] = token.split('.');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = jwt.decode(token) as jwt.JwtPayload;
  for (const wrong of [
    ...[
      '',
      'x',
      'a.b.c',
      `${head}.${body}.`,
      `${head}.${body}.AA`,
      `${head}.${part({ ...claims, sub: 'x' })}.${signature}`,
    ],
    `${part({ alg: 'none', typ: 'JWT' })}.${body}.`,
    `${token}${' '.repeat(5_000)}`,
    jwt.sign(claims, randomBytes(32), { algorithm: 'HS256' }),
    jwt.sign(claims, it.key as Buffer, { algorithm: 'HS512' }),
    jwt.sign({ ...claims, pwd: undefined }, it.key as Buffer),
    jwt.sign({ ...claims, pwd: { length: 22 } }, it.key as Buffer),
    jwt.sign('text', it.key as Buffer),
  ]) {
    assert.equal(await tokens.read(wrong), null, wrong);
  }
});

test('without a key there are no tokens, and a key that comes is used at once', async () => {
  const { it, tokens, issue } = opened();
  const [{ token }, key] = [await issue(), it.key];
  const waiting = opened();
  waiting.it.key = null;
  const missing = (error: unknown) =>
    error instanceof CustomersError && error.code === 'no_token_key' && error.details.retryAfterS === 1;
  await assert.rejects(waiting.tokens.read(token), missing);
  await assert.rejects(waiting.issue(), missing);
  waiting.it.key = key;
  assert.deepEqual(await waiting.tokens.read(token), await tokens.read(token), 'of the other side');
});

test('the key is read every ten seconds: one that was brought anew counts after that', async () => {
  const { it, tokens, issue } = opened();
  const { token } = await issue();
  await tokens.read(token);
  assert.equal(it.reads, 1);
  it.key = randomBytes(32);
  it.nowMs += 10_000;
  assert.equal(await tokens.read(token), null);
  assert.equal(it.reads, 2);
});
