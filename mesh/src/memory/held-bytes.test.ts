import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HeldBytes, HeldCursor } from './held-bytes.ts';
import { HeldMemory } from './held-memory.ts';

const bytes = (size: number, first = 1) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (first + i) % 251));

describe('held bytes', () => {
  test('in pieces of one byte are charged, and take, little more than their content', () => {
    const memory = new HeldMemory(2 ** 30);
    const held = new HeldBytes(memory);
    const piece = Buffer.from('x');
    for (let i = 0; i < 65_536; i += 1) assert.ok(held.tryAdd(piece, false));
    assert.ok(memory.takenBytes >= 65_536 && memory.takenBytes < 90_000, String(memory.takenBytes));
    assert.equal(held.joined().byteLength, 65_536);
    held.release();
    assert.equal(memory.takenBytes, 0);
  });

  test('are charged with the memory that a piece keeps alive; a piece that keeps much more is copied', () => {
    const memory = new HeldMemory(2 ** 30);
    const held = new HeldBytes(memory);
    const read = Buffer.allocUnsafeSlow(65_536);
    held.tryAdd(read.subarray(0, 40_000), true);
    assert.ok(memory.takenBytes >= 65_536);
    const before = memory.takenBytes;
    const other = Buffer.allocUnsafeSlow(65_536);
    held.tryAdd(other.subarray(0, 17_000), true);
    assert.ok(memory.takenBytes - before < 20_000, 'the rest of its memory is free');
  });

  test('are not added beyond the limit, unless they must be', () => {
    const memory = new HeldMemory(4000);
    const [one, two] = [new HeldBytes(memory), new HeldBytes(memory)];
    assert.equal(one.tryAdd(bytes(1500), false), true);
    assert.equal(two.tryAdd(bytes(1500), false), false);
    assert.equal(two.bytes, 0);
    assert.equal(two.add(bytes(1500), false), false);
    assert.equal(two.bytes, 1500);
    one.release();
    two.release();
    assert.equal(memory.takenBytes, 0);
  });

  test('are kept until the last reader has closed', () => {
    const memory = new HeldMemory(2 ** 20);
    const held = new HeldBytes(memory);
    held.tryAdd(bytes(10), false);
    const cursor = new HeldCursor(held);
    held.release();
    assert.deepEqual(cursor.next(), bytes(10));
    assert.ok(memory.takenBytes > 0);
    cursor.close();
    assert.equal(memory.takenBytes, 0);
  });

  test('whatever the pieces: every reader reads the same bytes, and everything is released', () => {
    const step = fc.record({ size: fc.nat({ max: 20_000 }), given: fc.boolean(), reads: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, takes) => {
        const memory = new HeldMemory(2 ** 30);
        const held = new HeldBytes(memory);
        const cursor = new HeldCursor(held);
        const read: Buffer[] = [];
        const readAll = () => {
          for (let piece = next(); piece !== null; piece = next()) read.push(Buffer.from(piece));
        };
        const next = () => (takes ? held.take() : cursor.next());
        const pieces = steps.map(({ size }, i) => bytes(size, i));
        for (const [i, { given, reads }] of steps.entries()) {
          const piece = Buffer.from(pieces[i] as Buffer);
          held.tryAdd(piece, given);
          // The memory belongs to its owner again.
          if (!given) piece.fill(0);
          if (reads) readAll();
        }
        readAll();
        assert.ok(Buffer.concat(read).equals(Buffer.concat(pieces)));
        assert.ok(takes || cursor.atEnd);
        if (!takes) assert.ok(held.joined().equals(Buffer.concat(pieces)));
        cursor.close();
        held.release();
        assert.equal(memory.takenBytes, 0);
      }),
    );
  });
});
