import type { BodySource } from '../body.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import type { HeldMemory } from '../memory/held-memory.ts';

/**
 * What a tee has kept: the whole body, which the receiver releases, or why there is no body (`no_room`: in this
 * process).
 */
export type Kept = HeldBytes | 'too_long' | 'incomplete' | 'no_room';

/**
 * A source that keeps a copy of the body, up to `limitBytes`. The copy never delays the source: the reader of the
 * source alone sets the pace. `onKept` is called once, within the call that delivers the end.
 */
export class BodyTee implements BodySource {
  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #onKept: (kept: Kept) => void;
  readonly #held: HeldBytes;
  #told = false;

  constructor(source: BodySource, limitBytes: number, memory: HeldMemory, onKept: (kept: Kept) => void) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#held = new HeldBytes(memory);
    this.#onKept = onKept;
  }

  get length(): number | null {
    return this.#source.length;
  }

  start(sink: Parameters<BodySource['start']>[0]): void {
    this.#source.start({
      chunk: (bytes) => {
        this.#keep(bytes);
        sink.chunk(bytes);
      },
      end: () => {
        sink.end();
        this.#tell(this.#held);
      },
      fail: (error) => {
        this.#tell('incomplete');
        sink.fail(error);
      },
    });
  }

  pause(): void {
    this.#source.pause();
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(): void {
    this.#source.cancel();
    this.#tell('incomplete');
  }

  /** The reader has stopped without calling `cancel`. */
  giveUp(): void {
    this.#tell('incomplete');
  }

  #keep(bytes: Uint8Array): void {
    if (this.#told) return;
    if (this.#held.bytes + bytes.byteLength > this.#limitBytes) this.#tell('too_long');
    else if (!this.#held.tryAdd(bytes, true)) this.#tell('no_room');
  }

  #tell(kept: Kept): void {
    if (this.#told) return;
    this.#told = true;
    if (kept !== this.#held) this.#held.release();
    this.#onKept(kept);
  }
}
