import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DECOY_HASH, hashSecret, type ScryptCost, verifyClientSecret, verifySecret } from './secret-hash.ts';

const CHEAP: ScryptCost = { logN: 4, r: 8, p: 1 };
const SALT = Buffer.from('0123456789abcdef');

describe('secret hashes', () => {
  test('carry their cost and salt, in PHC format', async () => {
    assert.match(
      await hashSecret('secret', SALT, CHEAP),
      /^\$scrypt\$ln=4,r=8,p=1\$MDEyMzQ1Njc4OWFiY2RlZg==\$[\w+/=]{44}$/,
    );
  });

  test('use the recommended cost by default', async () => {
    const hash = await hashSecret('secret');
    assert.match(hash, /^\$scrypt\$ln=16,r=8,p=2\$/);
    assert.equal(verifyClientSecret('secret', hash), true);
  });

  test('distinguish the correct secret from a wrong one', async () => {
    const hash = await hashSecret('secret', SALT, CHEAP);
    assert.equal(verifyClientSecret('secret', hash), true);
    assert.equal(verifyClientSecret('Secret', hash), false);
    assert.equal(await verifySecret('secret', hash), true);
    assert.equal(await verifySecret('', hash), false);
  });

  test('the decoy costs as much as a real hash and matches no secret', () => {
    assert.match(DECOY_HASH, /^\$scrypt\$ln=16,r=8,p=2\$/);
    assert.equal(verifyClientSecret('', DECOY_HASH), false);
  });

  test('refuse other formats', () => {
    assert.throws(() => verifyClientSecret('secret', 'plain'), /not in the scrypt format/);
  });
});
