import type { BodySource } from '../body.ts';

/** What a tee has kept: the whole body, or why there is none. */
export type Kept = Uint8Array | 'too_long' | 'incomplete';

/**
 * A source that keeps a copy of what goes by, up to `limitBytes`, for somebody who is not to be waited for: whoever reads
 * the source alone sets its pace. `onKept` is told once, within the call that delivers the end.
 */
export class BodyTee implements BodySource {
  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #onKept: (kept: Kept) => void;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #told = false;

  constructor(source: BodySource, limitBytes: number, onKept: (kept: Kept) => void) {
    this.#source = source;
    this.#limitBytes = limitBytes;
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
        if (!this.#told) this.#tell(joined(this.#chunks, this.#bytes));
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

  /** Nobody reads on, though nobody has said so. */
  giveUp(): void {
    this.#tell('incomplete');
  }

  #keep(bytes: Uint8Array): void {
    if (this.#told) return;
    this.#bytes += bytes.byteLength;
    if (this.#bytes > this.#limitBytes) this.#tell('too_long');
    else this.#chunks.push(bytes);
  }

  #tell(kept: Kept): void {
    if (this.#told) return;
    this.#told = true;
    this.#chunks = [];
    this.#onKept(kept);
  }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
