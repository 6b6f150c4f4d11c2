import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from './random.ts';

describe('Random', () => {
  test('gives the same numbers for the same seed and name', () => {
    const draw = (seed: number, stream: string) => {
      const random = new Random(seed, stream);
      return [random.next(), random.next(), random.hex(20), random.uuid()];
    };
    assert.deepEqual(draw(1, 'orders'), draw(1, 'orders'));
    assert.notDeepEqual(draw(1, 'orders'), draw(2, 'orders'));
    assert.notDeepEqual(draw(1, 'orders'), draw(1, 'tokens'));
  });

  test('stays the same from one version of the program to the next', () => {
    assert.equal(new Random(1, 'clients').hex(8), '09bdc23a279ae592');
  });

  test('keeps whole numbers inside their bounds, both possible', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -50, max: 50 }), fc.nat(5), (seed, least, width) => {
        const random = new Random(seed, 'x');
        const drawn = new Set(Array.from({ length: 200 }, () => random.int(least, least + width)));
        assert.deepEqual([Math.min(...drawn), Math.max(...drawn)], [least, least + width]);
      }),
    );
  });

  test('generates hex of the given length and UUIDs of version 4', () => {
    const random = new Random(7, 'x');
    for (const length of [1, 3, 8, 20, 32]) assert.match(random.hex(length), new RegExp(`^[0-9a-f]{${length * 2}}$`));
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(random.bytes(16).length, 16);
  });

  test('samples without duplicates', () => {
    const random = new Random(7, 'x');
    assert.deepEqual(random.sample([1, 2, 3], 5).sort(), [1, 2, 3]);
    assert.equal(new Set(random.sample([1, 2, 3, 4], 3)).size, 3);
    assert.throws(() => random.pick([]), RangeError);
  });
});
