import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decoyHash, hashSecret, type ScryptCost, verifyClientSecret, verifySecret } from './secret-hash.ts';

const cheap: ScryptCost = { logN: 4, r: 8, p: 1 };
const salt = Buffer.from('0123456789abcdef');

describe('secret hashes', () => {
  test('carry their cost and salt, in PHC format', async () => {
    assert.match(
      await hashSecret('secret', salt, cheap),
      /^\$scrypt\$ln=4,r=8,p=1\$MDEyMzQ1Njc4OWFiY2RlZg==\$[\w+/=]{44}$/,
    );
  });

  test('use the recommended cost by default', async () => {
    const hash = await hashSecret('secret');
    assert.match(hash, /^\$scrypt\$ln=16,r=8,p=2\$/);
    assert.equal(verifyClientSecret('secret', hash), true);
  });

  test('distinguish the correct secret from a wrong one', async () => {
    const hash = await hashSecret('secret', salt, cheap);
    assert.equal(verifyClientSecret('secret', hash), true);
    assert.equal(verifyClientSecret('Secret', hash), false);
    assert.equal(await verifySecret('secret', hash), true);
    assert.equal(await verifySecret('', hash), false);
  });

  test('the decoy costs as much as a real hash and matches no secret', () => {
    assert.match(decoyHash, /^\$scrypt\$ln=16,r=8,p=2\$/);
    assert.equal(verifyClientSecret('', decoyHash), false);
  });

  test('refuse other formats', () => {
    assert.throws(() => verifyClientSecret('secret', 'plain'), /not in the scrypt format/);
  });
});
