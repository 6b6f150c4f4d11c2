import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hash32, hashPair, hashPoint } from './hash.ts';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const isUint32 = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
const bitsOf = (value: number) => {
  let bits = 0;
  for (let left = value >>> 0; left !== 0; left &= left - 1) bits += 1;
  return bits;
};

describe('hashes', () => {
  test('stay what they have always been: sessions and shares outlive versions', () => {
    assert.deepEqual([hash32(''), hash32('banyan'), hash32('banyan', 1)], [2872998923, 2246934814, 3205495442]);
    assert.equal(hashPair(1, 2), 2801006570);
  });

  test('are unsigned 32-bit numbers, points from 0 to 1, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), uint32, uint32, (text, seed, other) => {
        assert.ok(isUint32(hash32(text, seed)));
        assert.ok(isUint32(hashPair(seed, other)));
        const point = hashPoint(text, seed);
        assert.ok(point >= 0 && point < 1);
      }),
    );
  });

  test('one character more or less changes half of the bits, on average', () => {
    let changed = 0;
    let compared = 0;
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), fc.nat(), (text, at) => {
        const index = at % text.length;
        const other = `${text.slice(0, index)}${String.fromCharCode(text.charCodeAt(index) ^ 1)}${text.slice(index + 1)}`;
        changed += bitsOf(hash32(text) ^ hash32(other));
        compared += 32;
      }),
      { numRuns: 2000 },
    );
    assert.ok(Math.abs(changed / compared - 0.5) < 0.02, String(changed / compared));
  });

  test('of two: each of them decides, and so does their order', () => {
    let swapped = 0;
    let moved = 0;
    let runs = 0;
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        runs += 1;
        if (a !== b && hashPair(a, b) === hashPair(b, a)) swapped += 1;
        moved +=
          bitsOf(hashPair(a, b) ^ hashPair(a, (b ^ 1) >>> 0)) + bitsOf(hashPair(a, b) ^ hashPair((a ^ 1) >>> 0, b));
      }),
      { numRuns: 2000 },
    );
    assert.ok(swapped <= 1, `${swapped} pairs are the same the other way round`);
    assert.ok(Math.abs(moved / (runs * 64) - 0.5) < 0.03, String(moved / (runs * 64)));
  });

  test('names that are numbered one after the other spread evenly', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.integer({ min: 2, max: 16 }), (prefix, slots) => {
        const counts = Array.from({ length: slots }, () => 0);
        const names = slots * 400;
        for (let n = 0; n < names; n += 1) {
          const slot = Math.floor(hashPoint(`${prefix}${n}`) * slots);
          counts[slot] = (counts[slot] as number) + 1;
        }
        // 400 a slot, with a standard deviation below 20.
        for (const count of counts) assert.ok(Math.abs(count - 400) < 130, String(counts));
      }),
      { numRuns: 40 },
    );
  });
});
