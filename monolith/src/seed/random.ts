import { createHash } from 'node:crypto';

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A stream of numbers that depends on a seed and a name only: the same on every machine, and independent of the
 * streams with other names. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, stream: string) {
    const digest = createHash('sha256').update(`${seed}:${stream}`).digest();
    this.#a = digest.readInt32LE(0);
    this.#b = digest.readInt32LE(4);
    this.#c = digest.readInt32LE(8);
    this.#d = digest.readInt32LE(12);
  }

  /** 32 bits, from 0 (sfc32, PractRand 0.94). */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor((this.next() / 2 ** 32) * (most - least + 1));
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.int(0, 99) < percent;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)];
    if (picked === undefined) throw new RangeError('Nothing to pick from');
    return picked;
  }

  /** `count` different items, or all if there are fewer. */
  sample<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.int(0, left.length - 1), 1));
    return taken;
  }

  bytes(length: number): Buffer {
    return Buffer.from(this.hex(length), 'hex');
  }

  /** `length` bytes as hex. */
  hex(length: number): string {
    let text = '';
    while (text.length < length * 2) {
      const word = this.next();
      text += hexOfByte[word & 255];
      text += hexOfByte[(word >>> 8) & 255];
      text += hexOfByte[(word >>> 16) & 255];
      text += hexOfByte[word >>> 24];
    }
    return text.slice(0, length * 2);
  }

  /** A version 4 UUID. */
  uuid(): string {
    const hex = this.hex(16);
    const variant = '89ab'[this.next() & 3];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
