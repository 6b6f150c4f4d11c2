/** Enough for a head. 10,000 clients that send little hold 80 MB this way, and not 640 MB. */
const readBytesMin = 8 * 1024;
const readBytesMax = 64 * 1024;
/** A piece of at least this size is passed on with its memory. Smaller pieces are copied, and the memory is reused. */
const givenBytesMin = 16 * 1024;

/** The memory that a connection reads into: small until a read fills it, and small again for the next request. */
export class ReadMemory {
  #buffer = Buffer.allocUnsafeSlow(readBytesMin);

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Gives the memory of `bytes` away if they are large enough. If this returns false, the receiver copies them. */
  give(bytes: Buffer): boolean {
    if (bytes.byteLength < givenBytesMin || bytes.buffer !== this.#buffer.buffer) return false;
    this.#buffer = Buffer.allocUnsafeSlow(readBytesMax);
    return true;
  }

  /** Grows the memory if a read of `count` bytes into `buffer` filled it. */
  onRead(buffer: Buffer, count: number): void {
    if (count === readBytesMin && this.#buffer === buffer) this.#buffer = Buffer.allocUnsafeSlow(readBytesMax);
  }

  shrink(): void {
    if (this.#buffer.byteLength > readBytesMin) this.#buffer = Buffer.allocUnsafeSlow(readBytesMin);
  }
}
