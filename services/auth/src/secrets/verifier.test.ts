import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type SlowHash, SlowHasher, type SlowParameters, sameHash } from '@banyan/kit/secrets';
import type { Client } from '../domain.ts';
import { type FastHash, fastHash } from './hash-format.ts';
import { SecretVerifier } from './verifier.ts';

const secret = 'a'.repeat(40);
const wrong = 'b'.repeat(40);
const parameters: SlowParameters = { ln: 15, r: 8, p: 3 };

/** A slow hash that is cheap to compute and as long as a real one. */
const slowly = (text: string) => fastHash(text, 'slow').hash;

const fastClient: Client = {
  clientId: 'fast',
  identifiers: ['client_credentials'],
  secret: fastHash(secret, '0'.repeat(32)),
};
const slowHash: SlowHash = {
  kind: 'slow',
  parameters,
  salt: Buffer.from('salt'),
  hash: slowly(secret),
  text: '$scrypt$…',
};
const slowClient: Client = { clientId: 'slow', identifiers: ['client_credentials'], secret: slowHash };
const secretless: Client = { clientId: 'public', identifiers: ['implicit'], secret: null };

/** Counts the operations that take time. */
function counting(slowInUse: SlowParameters | null) {
  const work: string[] = [];
  const upgrades: [string, FastHash][] = [];
  const verifier = new SecretVerifier({
    slow: new SlowHasher(
      async (text, _salt, length, { ln, r, p }) => {
        work.push(`scrypt ${ln},${r},${p} to ${length} bytes`);
        return slowly(text);
      },
      { concurrency: 4, memoryBytes: Number.POSITIVE_INFINITY },
      4,
    ),
    slowInUse: () => slowInUse,
    onUpgrade: (client, _from, to) => upgrades.push([client.clientId, to]),
    fast: (text, salt) => {
      work.push(`sha-256 of ${salt.length + text.length} characters`);
      return fastHash(text, salt);
    },
    compare: (a, b) => {
      work.push(`comparison of ${a.length} with ${b.length} bytes`);
      return sameHash(a, b);
    },
  });
  return { work, upgrades, verifier };
}

describe('the right secret', () => {
  test('of a client with a fast hash costs one fast hash and one comparison', async () => {
    const { work, verifier } = counting(parameters);
    assert.equal(await verifier.verify('fast', fastClient, secret), true);
    assert.deepEqual(work, ['sha-256 of 72 characters', 'comparison of 32 with 32 bytes']);
  });

  test('of a client with a slow hash upgrades it to a fast one of the same secret', async () => {
    const { upgrades, verifier } = counting(parameters);
    assert.equal(await verifier.verify('slow', slowClient, secret), true);
    const [upgrade] = upgrades;
    assert.equal(upgrade?.[0], 'slow');
    assert.ok(upgrade && sameHash(fastHash(secret, upgrade[1].salt).hash, upgrade[1].hash));
  });

  test('that a person may have chosen keeps its slow hash', async () => {
    const chosen = 'correct horse battery staple';
    const client: Client = { ...slowClient, secret: { ...slowHash, hash: slowly(chosen) } };
    const { upgrades, verifier } = counting(parameters);
    assert.equal(await verifier.verify('slow', client, chosen), true);
    assert.deepEqual(upgrades, []);
  });
});

describe('a refusal costs the same whatever its reason', () => {
  const reasons: [string, Client | null][] = [
    ['there is no such client', null],
    ['the secret of a client with a fast hash is wrong', fastClient],
    ['the secret of a client with a slow hash is wrong', slowClient],
    ['the client has no secret', secretless],
  ];

  for (const [state, slowInUse, expected] of [
    [
      'while some client has a slow hash',
      parameters,
      [
        'sha-256 of 72 characters',
        'comparison of 32 with 32 bytes',
        'scrypt 15,8,3 to 32 bytes',
        'comparison of 32 with 32 bytes',
      ],
    ],
    ['when all have fast ones', null, ['sha-256 of 72 characters', 'comparison of 32 with 32 bytes']],
  ] as const) {
    for (const [reason, client] of reasons.filter(([, one]) => slowInUse !== null || one?.secret?.kind !== 'slow')) {
      test(`${state}: ${reason}`, async () => {
        const { work, upgrades, verifier } = counting(slowInUse);
        assert.equal(await verifier.verify(client?.clientId ?? 'unknown', client, wrong), false);
        assert.deepEqual(work, expected);
        assert.deepEqual(upgrades, []);
      });
    }
  }
});

describe('concurrent requests', () => {
  test('with the same secret of one client share one slow hash', async () => {
    const { work, upgrades, verifier } = counting(parameters);
    const results = await Promise.all(Array.from({ length: 20 }, () => verifier.verify('slow', slowClient, secret)));
    assert.ok(results.every((result) => result === true));
    assert.equal(work.filter((one) => one.startsWith('scrypt')).length, 1);
    assert.equal(upgrades.length, 1);
  });

  test('with another secret or client do not share a result', async () => {
    const { verifier } = counting(parameters);
    const results = await Promise.all([
      verifier.verify('slow', slowClient, secret),
      verifier.verify('slow', slowClient, wrong),
      verifier.verify('unknown', null, secret),
    ]);
    assert.deepEqual(results, [true, false, false]);
  });

  test('do not share a result when the secret has changed meanwhile', async () => {
    const { verifier } = counting(parameters);
    const changed: Client = { ...slowClient, secret: { ...slowHash, hash: slowly(wrong), text: '$scrypt$other' } };
    const results = await Promise.all([
      verifier.verify('slow', slowClient, secret),
      verifier.verify('slow', changed, secret),
    ]);
    assert.deepEqual(results, [true, false]);
  });
});
