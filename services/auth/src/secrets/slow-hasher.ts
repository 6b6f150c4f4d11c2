import { scrypt } from 'node:crypto';
import { AuthError } from '../errors.ts';
import type { SlowParameters } from './hash-format.ts';

/** Computes scrypt (RFC 7914) of a secret; `length` in bytes. */
export type SlowFunction = (
  secret: string,
  salt: Buffer,
  length: number,
  parameters: SlowParameters,
) => Promise<Buffer>;

/** On libuv's threads: the event loop goes on. */
export const scryptOffLoop: SlowFunction = (secret, salt, length, { ln, r, p }) =>
  new Promise((resolve, reject) => {
    const N = 2 ** ln;
    // OpenSSL counts a little more than 128 * N * r; its own default limit is too low for N = 2^15, r = 8.
    scrypt(secret, salt, length, { N, r, p, maxmem: 160 * N * r + 1_048_576 * p }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });

/**
 * Lets a few slow hashes run at one time and a bounded number wait: each takes a whole core for as long as it lasts, so
 * a flood of wrong secrets must not take them all.
 */
export class SlowHasher {
  readonly #compute: SlowFunction;
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(compute: SlowFunction, concurrency: number, queueLimit: number) {
    this.#compute = compute;
    this.#concurrency = concurrency;
    this.#queueLimit = queueLimit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws AuthError `busy` when too many wait already */
  async hash(secret: string, salt: Buffer, length: number, parameters: SlowParameters): Promise<Buffer> {
    if (this.#running >= this.#concurrency) {
      if (this.#waiting.length >= this.#queueLimit) {
        throw new AuthError('busy', { detail: 'Too many clients are being verified; try again', retryAfterS: 1 });
      }
      // Whoever finishes hands its place over: #running stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await this.#compute(secret, salt, length, parameters);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
