import { totalmem } from 'node:os';
import { ShopError } from '../errors.ts';

export interface HashLimits {
  /** Hashes at one time. */
  concurrency: number;
  /** What they may take together, in bytes; one at a time may take more. */
  memoryBytes: number;
  /** Hashes that may wait for their turn. */
  queue: number;
}

const MEBIBYTE = 1_048_576;
/** What the process takes without any hash, with room to spare. */
const REST_BYTES = 160 * MEBIBYTE;
const QUEUE = 64;

/**
 * One thread of libuv's pool is left for DNS look-ups and files, and half of the memory beside the process itself may go to
 * hashes. `memoryBytes` is what the process may take in all.
 */
export function hashLimits(threads: number, memoryBytes: number): HashLimits {
  return {
    concurrency: Math.max(1, threads - 1),
    memoryBytes: Math.max(0, Math.floor((memoryBytes - REST_BYTES) / 2)),
    queue: QUEUE,
  };
}

/** The limits of the machine, or the container, that the process runs in. */
export function limitsHere(): HashLimits {
  const limit = process.constrainedMemory();
  // Without a limit of its own, a process is told 0, or a number that no machine has.
  return hashLimits(poolThreads(process.env.UV_THREADPOOL_SIZE), limit > 0 ? Math.min(limit, totalmem()) : totalmem());
}

/** As libuv reads it: 4 where it is not set, at least 1, at most 1,024. */
export function poolThreads(setting: string | undefined): number {
  const threads = setting === undefined || setting === '' ? 4 : Number.parseInt(setting, 10);
  return Math.min(1_024, Math.max(1, Number.isNaN(threads) ? 1 : threads));
}

/** Lets so many slow hashes run in the thread pool at one time as there is memory and threads for; others wait. */
export class HashTurns {
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

  /** Runs `work`, which takes so many `bytes`, when it is its turn. Throws 503 where too many wait already. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await this.#turn(bytes);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#runningBytes -= bytes;
      this.#startWaiting();
    }
  }

  async #turn(bytes: number): Promise<void> {
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
