import type { HeldMemory } from './held-memory.ts';

/**
 * Sizes of the blocks that pieces are copied into: of the first, and the maximum. Each block is twice as long as all
 * blocks before it.
 */
const blockBytesMin = 1024;
const blockBytesMax = 16 * 1024;
/** Overhead of the objects of a block. */
const blockOverheadBytes = 256;

/**
 * Content that is held, in few blocks. Small pieces are copied together, because a piece of one byte costs some hundred
 * bytes as an object of its own. The size of each block is charged to `memory`. Read in one of two ways: `take` removes
 * what it returns; a `HeldCursor` leaves it for other readers.
 */
export class HeldBytes {
  readonly #memory: HeldMemory;
  readonly #blocks: Buffer[] = [];
  /** Bytes of content in each block. */
  readonly #lengths: number[] = [];
  #bytes = 0;
  /** The last block was allocated here, and may have room. */
  #open = false;
  #owners = 1;

  constructor(memory: HeldMemory) {
    this.#memory = memory;
  }

  /** Bytes of content. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a piece. False if the process has no room for it: then nothing has been added. @param given no other code uses
   * the memory of `bytes` again
   */
  tryAdd(bytes: Uint8Array, given: boolean): boolean {
    return this.#add(bytes, given, true);
  }

  /** Adds a piece even without room. @returns whether there was room */
  add(bytes: Uint8Array, given: boolean): boolean {
    if (this.#add(bytes, given, true)) return true;
    this.#add(bytes, given, false);
    return false;
  }

  #add(bytes: Uint8Array, given: boolean, bounded: boolean): boolean {
    const { byteLength } = bytes;
    if (byteLength === 0) return true;
    const last = this.#blocks.length - 1;
    const at = this.#lengths[last] ?? 0;
    if (this.#open && at + byteLength <= (this.#blocks[last] as Buffer).byteLength) {
      (this.#blocks[last] as Buffer).set(bytes, at);
      this.#lengths[last] = at + byteLength;
      this.#bytes += byteLength;
      return true;
    }
    const whole = this.#whole(bytes, given);
    const sizeBytes = Math.max(byteLength, Math.min(blockBytesMax, Math.max(blockBytesMin, this.#bytes)));
    const charge = whole === null ? sizeBytes + blockOverheadBytes : chargeOf(whole);
    if (!bounded) this.#memory.take(charge);
    else if (!this.#memory.tryTake(charge)) return false;
    const block = whole ?? Buffer.allocUnsafeSlow(sizeBytes);
    if (whole === null) block.set(bytes);
    this.#open = whole === null;
    this.#blocks.push(block);
    this.#lengths.push(byteLength);
    this.#bytes += byteLength;
    return true;
  }

  /**
   * The piece as a block of its own, if that saves a copy: for the first piece, and for long pieces that fill their
   * memory. Otherwise null.
   */
  #whole(bytes: Uint8Array, given: boolean): Buffer | null {
    if (this.#blocks.length > 0 && (!given || !dense(bytes) || bytes.byteLength < blockBytesMin)) return null;
    if (!given) return Buffer.from(bytes);
    if (!dense(bytes) && bytes.byteLength >= blockBytesMin) return null;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Removes and returns the first piece; null if nothing is held. */
  take(): Buffer | null {
    const block = this.#blocks.shift();
    if (block === undefined) return null;
    const length = this.#lengths.shift() as number;
    if (this.#blocks.length === 0) this.#open = false;
    this.#bytes -= length;
    this.#memory.give(chargeOf(block));
    return length === block.byteLength ? block : block.subarray(0, length);
  }

  /**
   * For cursors: the bytes of block `index` from `at` on; undefined if the block has no more, null if there is no such
   * block.
   */
  piece(index: number, at: number): Buffer | null | undefined {
    const block = this.#blocks[index];
    if (block === undefined) return null;
    const length = this.#lengths[index] as number;
    if (at >= length) return undefined;
    return at === 0 && length === block.byteLength ? block : block.subarray(at, length);
  }

  /** Everything in one piece; copies only if there are several. */
  joined(): Buffer {
    const [first] = this.#blocks;
    if (first !== undefined && this.#blocks.length === 1) return first.subarray(0, this.#lengths[0]);
    const whole = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const [index, block] of this.#blocks.entries()) {
      const length = this.#lengths[index] as number;
      whole.set(block.subarray(0, length), at);
      at += length;
    }
    return whole;
  }

  /** Adds a user of the held bytes. */
  retain(): void {
    this.#owners += 1;
  }

  /** Removes a user of the held bytes. Without users, the bytes are released. */
  release(): void {
    this.#owners -= 1;
    if (this.#owners === 0) this.clear();
  }

  /** Releases all bytes. */
  clear(): void {
    for (const block of this.#blocks) this.#memory.give(chargeOf(block));
    this.#blocks.length = 0;
    this.#lengths.length = 0;
    this.#bytes = 0;
    this.#open = false;
  }
}

/** Reads the held bytes, and bytes that are added meanwhile, without removing them. Counts as a user until `close`. */
export class HeldCursor {
  readonly #held: HeldBytes;
  #index = 0;
  #at = 0;

  constructor(held: HeldBytes) {
    this.#held = held;
    held.retain();
  }

  /** The next bytes; null when all present bytes have been read. */
  next(): Buffer | null {
    let piece = this.#held.piece(this.#index, this.#at);
    if (piece === undefined) {
      piece = this.#held.piece(this.#index + 1, 0);
      if (piece === null || piece === undefined) return null;
      this.#index += 1;
      this.#at = 0;
    }
    if (piece !== null) this.#at += piece.byteLength;
    return piece;
  }

  /** Whether `next` would return null. */
  get atEnd(): boolean {
    const piece = this.#held.piece(this.#index, this.#at);
    return piece === null || (piece === undefined && this.#held.piece(this.#index + 1, 0) === null);
  }

  /** Once. */
  close(): void {
    this.#held.release();
  }
}

/** A piece that fills at least half of the memory that it keeps alive. */
function dense(bytes: Uint8Array): boolean {
  return bytes.byteLength * 2 >= bytes.buffer.byteLength;
}

/** The memory charged for a block. A short piece may share its memory with others: it is charged twice its length. */
function chargeOf(block: Buffer): number {
  return Math.min(block.buffer.byteLength, block.byteLength * 2) + blockOverheadBytes;
}
