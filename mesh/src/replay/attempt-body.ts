import type { BodySink, BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';
import { HeldBytes, HeldCursor } from '../memory/held-bytes.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import type { RequestReplay } from './request-replay.ts';

/** One attempt's view of the body. */
export class AttemptBody implements BodySource {
  readonly #replay: RequestReplay;
  /** What is kept for all attempts; null where this one has read all there will be of it. */
  #cursor: HeldCursor | null;
  /** Behind that: read from the client, not yet by this attempt. */
  readonly #pending: HeldBytes;
  #sink: BodySink | null = null;
  #flowing = false;
  #pumping = false;
  #closed = false;

  constructor(replay: RequestReplay, kept: HeldBytes | null, memory: HeldMemory) {
    this.#replay = replay;
    this.#cursor = kept === null ? null : new HeldCursor(kept);
    this.#pending = new HeldBytes(memory);
  }

  get length(): number | null {
    return this.#replay.length;
  }

  get behind(): boolean {
    return !this.#flowing || !this.#readAll;
  }

  start(sink: BodySink): void {
    if (this.#sink !== null || this.#closed) return;
    this.#sink = sink;
    this.#flowing = true;
    this.#replay.begin();
    // Not within the call: who starts a source does not expect its bytes before the call has returned.
    queueMicrotask(this.pump);
  }

  pause(): void {
    this.#flowing = false;
    this.#replay.paceChanged();
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

  /** For the replay: the next bytes, which are not kept, in order behind what is pending. False where there is no room for them. */
  push(bytes: Uint8Array): boolean {
    if (this.#flowing && !this.#pumping && this.#readAll) {
      this.#sink?.chunk(bytes);
      return true;
    }
    if (!this.#pending.tryAdd(bytes, true)) return false;
    this.pump();
    return true;
  }

  /** For the replay: nothing is wanted of what is held. */
  drop(): void {
    this.#cursor?.close();
    this.#cursor = null;
    this.#pending.clear();
  }

  /** All that has come so far. */
  get #readAll(): boolean {
    return (this.#cursor?.atEnd ?? true) && this.#pending.bytes === 0;
  }

  #next(): Buffer | null {
    const piece = this.#cursor?.next() ?? null;
    if (piece !== null) return piece;
    if (this.#cursor !== null && !this.#replay.keeps) {
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
    // A sink that pauses and resumes within `chunk` must not be handed the next one inside the first.
    if (this.#pumping || this.#sink === null) return;
    const { failure } = this.#replay;
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
    if (this.#replay.ended && this.#flowing && this.#readAll) {
      const sink = this.#sink;
      this.#close();
      sink?.end();
      return;
    }
    this.#replay.paceChanged();
  };

  #close(): void {
    this.#closed = true;
    this.#sink = null;
    this.drop();
    this.#replay.leave(this);
  }
}
