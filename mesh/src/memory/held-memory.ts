/**
 * The limit on this process's memory for held bodies: content that waits to be sent, and copies for another attempt or
 * a mirror. One for the whole process.
 */
export class HeldMemory {
  readonly maxBytes: number;
  #takenBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes taken now, overhead included. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Takes `bytes` if there is room for them. */
  tryTake(bytes: number): boolean {
    if (this.#takenBytes + bytes > this.maxBytes) return false;
    this.#takenBytes += bytes;
    return true;
  }

  /** Takes `bytes` that are in memory already and cannot be refused; the caller stops further bytes. */
  take(bytes: number): void {
    this.#takenBytes += bytes;
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}
