import type { BodySink, BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';
import { HeldBytes, HeldCursor } from '../memory/held-bytes.ts';
import type { HeldMemory } from '../memory/held-memory.ts';

/** The body that readers share: what a reader asks of `RequestReplay`, and tells it. */
export interface SharedBody {
  readonly length: number | null;
  /** All of the body has come. */
  readonly ended: boolean;
  /** Whether bytes that come are still kept for all readers. */
  readonly keeps: boolean;
  readonly failure: MeshError | null;
  /** Starts the source unless it has started. */
  begin(): void;
  /** A reader has read more, or does not want to read now. */
  paceChanged(): void;
  /** A reader wants nothing more. */
  leave(reader: Reader): void;
}

/** One attempt's view of the body. */
export class Reader implements BodySource {
  readonly #body: SharedBody;
  /** Reads the bytes that are kept for all attempts; null once this attempt has read all that will be kept. */
  #cursor: HeldCursor | null;
  /** What follows the kept bytes: read from the client, not yet by this attempt. */
  readonly #pending: HeldBytes;
  #sink: BodySink | null = null;
  #flowing = false;
  #pumping = false;
  #closed = false;

  constructor(body: SharedBody, kept: HeldBytes | null, memory: HeldMemory) {
    this.#body = body;
    this.#cursor = kept === null ? null : new HeldCursor(kept);
    this.#pending = new HeldBytes(memory);
  }

  get length(): number | null {
    return this.#body.length;
  }

  get behind(): boolean {
    return !this.#flowing || !this.#readAll;
  }

  start(sink: BodySink): void {
    if (this.#sink !== null || this.#closed) return;
    this.#sink = sink;
    this.#flowing = true;
    this.#body.begin();
    // Not within the call: callers of `start` expect no bytes before the call has returned.
    queueMicrotask(this.pump);
  }

  pause(): void {
    this.#flowing = false;
    this.#body.paceChanged();
  }

  resume(): void {
    if (this.#flowing || this.#sink === null) return;
    this.#flowing = true;
    queueMicrotask(this.pump);
  }

  cancel(): void {
    if (this.#closed) return;
    this.#close();
  }

  /**
   * For the shared body: the next bytes, which are not kept, in order after the pending bytes. False if there is no
   * room.
   */
  push(bytes: Uint8Array): boolean {
    if (this.#flowing && !this.#pumping && this.#readAll) {
      this.#sink?.chunk(bytes);
      return true;
    }
    if (!this.#pending.tryAdd(bytes, true)) return false;
    this.pump();
    return true;
  }

  /** For the shared body: drops everything that is held. */
  drop(): void {
    this.#cursor?.close();
    this.#cursor = null;
    this.#pending.clear();
  }

  /** Whether this attempt has read everything that has come so far. */
  get #readAll(): boolean {
    return (this.#cursor?.atEnd ?? true) && this.#pending.bytes === 0;
  }

  #next(): Buffer | null {
    const piece = this.#cursor?.next() ?? null;
    if (piece !== null) return piece;
    if (this.#cursor !== null && !this.#body.keeps) {
      this.#cursor.close();
      this.#cursor = null;
    }
    return this.#pending.take();
  }

  fail(error: MeshError): void {
    const sink = this.#sink;
    if (sink === null) return;
    this.#close();
    sink.fail(error);
  }

  readonly pump = (): void => {
    // A sink that pauses and resumes within `chunk` must not get the next chunk inside the first call.
    if (this.#pumping || this.#sink === null) return;
    const { failure } = this.#body;
    if (failure !== null) {
      this.fail(failure);
      return;
    }
    this.#pumping = true;
    while (this.#flowing && this.#sink !== null) {
      const piece = this.#next();
      if (piece === null) break;
      this.#sink.chunk(piece);
    }
    this.#pumping = false;
    if (this.#closed) return;
    if (this.#body.ended && this.#flowing && this.#readAll) {
      const sink = this.#sink;
      this.#close();
      sink?.end();
      return;
    }
    this.#body.paceChanged();
  };

  #close(): void {
    this.#closed = true;
    this.#sink = null;
    this.drop();
    this.#body.leave(this);
  }
}
