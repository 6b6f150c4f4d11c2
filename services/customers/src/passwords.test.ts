import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlowHash, type SlowFunction, SlowHasher, type SlowParameters, scryptOffLoop } from '@banyan/kit/secrets';
import { Passwords } from './passwords.ts';

const cheap = { ln: 4, r: 8, p: 1 };

/** Counts the hashes, with their cost. */
function counted(cost: SlowParameters = cheap) {
  const costs: SlowParameters[] = [];
  const compute: SlowFunction = (secret, salt, length, parameters) => {
    costs.push(parameters);
    return scryptOffLoop(secret, salt, length, cheap);
  };
  const slow = new SlowHasher(compute, { concurrency: 1, memoryBytes: 0 }, 10);
  return { passwords: new Passwords(slow, cost), costs };
}

test('a password fits its hash, each with a salt of its own', async () => {
  const { passwords } = counted();
  const [one, two] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
  assert.notEqual(one, two);
  assert.match(one, /^\$scrypt\$ln=4,r=8,p=1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$/);
  assert.equal(await passwords.verify('correct horse', one), true);
  assert.equal(await passwords.verify('Correct horse', one), false);
});

test('the cost is that of the monolith, which verifies the hashes after a move back', async () => {
  const slow = { hash: async () => Buffer.alloc(32) };
  assert.deepEqual(parseSlowHash(await new Passwords(slow).hash('x'))?.parameters, { ln: 16, r: 8, p: 2 });
});

test('the work of a refusal does not depend on its reason', async () => {
  const { passwords, costs } = counted();
  const stored = await passwords.hash('secret');
  costs.length = 0;
  for (const against of [stored, null]) assert.equal(await passwords.verify('wrong', against), false);
  assert.deepEqual(costs, [cheap, cheap]);
});

test('a hash of another form or of an unbearable cost lets no one in, and costs no more', async () => {
  const { passwords, costs } = counted();
  const dear = (await passwords.hash('secret')).replace('ln=4', 'ln=21');
  costs.length = 0;
  for (const stored of [dear, 'secret', '', '$sha256$00$'])
    assert.equal(await passwords.verify('secret', stored), false);
  assert.deepEqual(costs, Array(4).fill(cheap));
});
