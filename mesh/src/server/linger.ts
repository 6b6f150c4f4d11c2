import type { Clock } from '../clock.ts';

/** After its last reply, a connection is read for this long, and up to this many bytes. */
const lingerMs = 2000;
const lingerBytesMax = 4 * 1024 * 1024;

/**
 * Bounds how long the input of a connection is discarded after its last reply. The system resets a connection that is
 * closed with unread input, and a reset may destroy a reply that the client has not read yet (RFC 9112 section 9.6).
 */
export class Linger {
  #bytesLeft = lingerBytesMax;
  #cancelTimer: () => void = () => {};

  start(clock: Clock, cut: () => void): void {
    this.#cancelTimer = clock.after(lingerMs, cut);
  }

  /** Counts discarded input. False once there is too much of it. */
  discard(count: number): boolean {
    this.#bytesLeft -= count;
    return this.#bytesLeft >= 0;
  }

  stop(): void {
    this.#cancelTimer();
  }
}
