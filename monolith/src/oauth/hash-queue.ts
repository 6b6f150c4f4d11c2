import { totalmem } from 'node:os';
import { ShopError } from '../errors.ts';

export interface HashLimits {
  /** Hashes that may run at one time. */
  concurrency: number;
  /** Memory of all running hashes, in bytes. A single hash may exceed the limit. */
  memoryBytes: number;
  /** Hashes that may wait. */
  queue: number;
}

const mebibyte = 1_048_576;
/** Memory of the process without any hash, with a margin. */
const restBytes = 160 * mebibyte;
const queueLength = 64;

/**
 * The limits for a pool of `threads` and a process that may use `memoryBytes` in all. One thread of libuv's pool stays
 * free for DNS look-ups and files. Hashes may use half of the memory that the rest of the process leaves.
 */
export function hashLimits(threads: number, memoryBytes: number): HashLimits {
  return {
    concurrency: Math.max(1, threads - 1),
    memoryBytes: Math.max(0, Math.floor((memoryBytes - restBytes) / 2)),
    queue: queueLength,
  };
}

/** The limits of the current machine or container. */
export function limitsHere(): HashLimits {
  const limit = process.constrainedMemory();
  // Without a memory limit, Node reports 0 or a number larger than any machine has.
  return hashLimits(poolThreads(process.env.UV_THREADPOOL_SIZE), limit > 0 ? Math.min(limit, totalmem()) : totalmem());
}

/** The size of the thread pool as libuv reads it: 4 by default, at least 1, at most 1,024. */
export function poolThreads(setting: string | undefined): number {
  const threads = setting === undefined || setting === '' ? 4 : Number.parseInt(setting, 10);
  return Math.min(1_024, Math.max(1, Number.isNaN(threads) ? 1 : threads));
}

/** Limits the slow hashes that run at one time in the thread pool, by memory and threads. Other hashes wait. */
export class HashQueue {
  readonly #limits: HashLimits;
  readonly #waiting: { bytes: number; start: () => void }[] = [];
  #running = 0;
  #runningBytes = 0;

  constructor(limits: HashLimits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs `work`, which needs `bytes` of memory, as soon as the limits allow.
   * @throws ShopError `busy` when too many hashes are waiting
   */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await this.#wait(bytes);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#runningBytes -= bytes;
      this.#startWaiting();
    }
  }

  async #wait(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return;
    }
    if (this.#waiting.length >= this.#limits.queue) {
      throw new ShopError('busy', { detail: 'Too many passwords are being checked; try again' });
    }
    await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.start();
    }
  }

  #fits(bytes: number): boolean {
    if (this.#running === 0) return true;
    return this.#running < this.#limits.concurrency && this.#runningBytes + bytes <= this.#limits.memoryBytes;
  }

  #take(bytes: number): void {
    this.#running += 1;
    this.#runningBytes += bytes;
  }
}
