import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { IssuerKeys } from './issuer-keys.ts';

const jwk = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});

function issuer(...keyIds: string[]) {
  const state = { keys: keyIds.map(jwk), fetches: 0, nowMs: 0, fails: false };
  const keys = new IssuerKeys(
    'http://auth/jwks',
    () => new Date(state.nowMs),
    async () => {
      state.fetches += 1;
      if (state.fails) throw new Error('ECONNREFUSED');
      return { keys: state.keys };
    },
  );
  return { state, keys };
}

describe('IssuerKeys', () => {
  test('fetches once for concurrent look-ups', async () => {
    const { state, keys } = issuer('k1');
    const found = await Promise.all([keys.find('k1'), keys.find('k1'), keys.find('k1')]);
    assert.ok(found.every((key) => key?.type === 'public'));
    assert.equal(state.fetches, 1);
  });

  test('fetches again for an unknown key, at most every ten seconds', async () => {
    const { state, keys } = issuer('k1');
    await keys.find('k1');
    state.keys.push(jwk('k2'));
    assert.equal(await keys.find('k2'), undefined);
    assert.equal(state.fetches, 1);
    state.nowMs += 10_000;
    assert.ok(await keys.find('k2'));
    assert.equal(state.fetches, 2);
  });

  test('says that the issuer is unavailable, not that the token is bad, and recovers', async () => {
    const { state, keys } = issuer('k1');
    state.fails = true;
    await assert.rejects(keys.find('k1'), { code: 'issuer_unavailable' });
    state.fails = false;
    assert.ok(await keys.find('k1'));
  });

  test('keeps known keys while the issuer is down', async () => {
    const { state, keys } = issuer('k1');
    await keys.find('k1');
    state.fails = true;
    state.nowMs += 60_000;
    assert.ok(await keys.find('k1'));
  });

  test('forgets a key that the issuer has withdrawn', async () => {
    const { state, keys } = issuer('k1', 'k2');
    await keys.find('k1');
    state.keys.shift();
    state.nowMs += 300_000;
    await keys.find('k2');
    // The refresh runs in the background: the keys arrive a few ticks later.
    for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    assert.equal(await keys.find('k1'), undefined);
    assert.equal(state.fetches, 2);
  });

  test('refuses a document that is not a JWK Set', async () => {
    const keys = new IssuerKeys(
      'http://auth/jwks',
      () => new Date(0),
      async () => ({ error: 'nope' }),
    );
    await assert.rejects(keys.find('k1'), { code: 'issuer_unavailable' });
  });

  test('never replaces known keys with an empty set', async () => {
    for (const published of [[], [null, 5, 'x', {}], [{ kty: 'RSA', kid: 'k1' }], [{ ...jwk('k1'), x: 'no' }]]) {
      const { state, keys } = issuer('k1');
      await keys.find('k1');
      state.keys = published as never;
      state.nowMs += 10_000;
      assert.equal(await keys.find('made-up'), undefined);
      assert.equal(state.fetches, 2);
      assert.ok(await keys.find('k1'));
    }
  });

  test('an empty set means that the keys are unknown, not that there are none', async () => {
    const { keys } = issuer();
    await assert.rejects(keys.find('k1'), { code: 'issuer_unavailable' });
  });

  test('a damaged key does not affect the others', async () => {
    const { state, keys } = issuer('k1');
    state.keys.unshift({ ...jwk('broken'), x: 'no' }, null as never);
    assert.ok(await keys.find('k1'));
    assert.equal(await keys.find('broken'), undefined);
  });

  test('while the issuer is down, made-up keys are unknown and cause no flood of requests', async () => {
    const { state, keys } = issuer('k1');
    await keys.find('k1');
    state.fails = true;
    state.nowMs += 10_000;
    for (let index = 0; index < 5; index += 1) assert.equal(await keys.find(`made-up ${index}`), undefined);
    assert.equal(state.fetches, 2);
  });
});
