import { EventEmitter } from 'node:events';
import type { BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';

/**
 * A request body in the least form that undici takes for a stream: events, pause and resume, destroy. A real Readable
 * costs several microseconds a request more and buffers what undici's own back-pressure already bounds.
 */
export class BodyFeed extends EventEmitter {
  readonly #source: BodySource;
  #started = false;
  destroyed = false;

  constructor(source: BodySource) {
    super();
    this.#source = source;
  }

  /** undici recognises a stream by this method and never calls it. */
  pipe(): never {
    throw new Error('A BodyFeed is not to be piped.');
  }

  pause(): this {
    this.#source.pause();
    return this;
  }

  /** The first call starts the body: undici makes it when the request goes out, so nothing is read from the client before. */
  resume(): this {
    if (this.destroyed) return this;
    if (this.#started) {
      this.#source.resume();
      return this;
    }
    this.#started = true;
    this.#source.start({
      chunk: (bytes) => {
        if (!this.destroyed) this.emit('data', bytes);
      },
      end: () => {
        if (!this.destroyed) this.emit('end');
      },
      fail: (error: MeshError) => {
        if (!this.destroyed) this.emit('error', error);
      },
    });
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#source.cancel();
    return this;
  }
}
