import { scrypt } from 'node:crypto';
import { ServiceError } from '../service/errors.ts';
import type { HashLimits } from './hash-limits.ts';
import type { SlowParameters } from './slow-hash.ts';

/** Computes scrypt (RFC 7914) of a secret; `length` in bytes. */
export type SlowFunction = (
  secret: string,
  salt: Buffer,
  length: number,
  parameters: SlowParameters,
) => Promise<Buffer>;

/** Runs on libuv's threads, so it does not block the event loop. */
export const scryptOffLoop: SlowFunction = (secret, salt, length, { ln, r, p }) =>
  new Promise((resolve, reject) => {
    const N = 2 ** ln;
    // OpenSSL counts a little more than 128 * N * r; its own default limit is too low for N = 2^15, r = 8.
    scrypt(secret, salt, length, { N, r, p, maxmem: 160 * N * r + 1_048_576 * p }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });

interface Waiting {
  bytes: number;
  start: () => void;
}

/**
 * Runs a few slow hashes at a time and lets a bounded number wait. Each uses a core, a thread of the pool and much
 * memory, so a flood of wrong secrets must not use them all.
 */
export class SlowHasher {
  readonly #compute: SlowFunction;
  readonly #limits: HashLimits;
  readonly #queueLimit: number;
  /** First come, first served. */
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #runningBytes = 0;

  constructor(compute: SlowFunction, limits: HashLimits, queueLimit: number) {
    this.#compute = compute;
    this.#limits = limits;
    this.#queueLimit = queueLimit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws ServiceError `busy` when the queue is full */
  async hash(secret: string, salt: Buffer, length: number, parameters: SlowParameters): Promise<Buffer> {
    const bytes = bytesOf(parameters);
    await this.#admit(bytes);
    try {
      return await this.#compute(secret, salt, length, parameters);
    } finally {
      this.#running -= 1;
      this.#runningBytes -= bytes;
      this.#startWaiting();
    }
  }

  #admit(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#queueLimit) {
      throw new ServiceError('busy', { detail: 'Too many secrets are being hashed; try again', retryAfterS: 1 });
    }
    return new Promise((start) => this.#waiting.push({ bytes, start }));
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.start();
    }
  }

  /** A single hash always fits, however large. Otherwise its client could never be verified. */
  #fits(bytes: number): boolean {
    if (this.#running === 0) return true;
    const { concurrency, memoryBytes } = this.#limits;
    return this.#running < concurrency && this.#runningBytes + bytes <= memoryBytes;
  }

  #take(bytes: number): void {
    this.#running += 1;
    this.#runningBytes += bytes;
  }
}

/** Memory that scrypt uses (RFC 7914, section 2), almost all of it for the table of N blocks. */
function bytesOf({ ln, r, p }: SlowParameters): number {
  return 128 * r * (2 ** ln + p);
}
