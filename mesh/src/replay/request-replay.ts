import type { BodySink, BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';

/**
 * The body of one request, for as many attempts as it takes: every attempt reads it from its first byte to its last,
 * whatever the attempts before it have read. What has been read is kept up to `limitBytes`; a body that is longer goes
 * by, and whoever has not begun by then comes too late.
 *
 * The source is started once, by the first attempt that wants a byte. So also a body that is too long to be kept can go
 * to another attempt as long as none has begun to read it.
 *
 * While bytes are kept, no attempt holds up another: the source runs on, bounded by the limit. Beyond it the one
 * attempt that is left sets the pace.
 */
export class RequestReplay {
  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #readers = new Set<Reader>();
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #keeping: boolean;
  #started = false;
  #ended = false;
  #failure: MeshError | null = null;
  #paused = false;
  /** No attempt follows: nothing is kept, and the last reader decides over the source. */
  #released = false;
  #cancelled = false;

  constructor(source: BodySource, limitBytes: number) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#keeping = source.length === null || source.length <= limitBytes;
  }

  get length(): number | null {
    return this.#source.length;
  }

  /** Whether another attempt can have the body from its first byte. */
  get replayable(): boolean {
    if (this.#released || this.#cancelled || this.#failure !== null) return false;
    return !this.#started || this.#keeping;
  }

  /** Whether that will stay so however much is still to come: two attempts may read at a time. */
  get shareable(): boolean {
    return this.replayable && this.#keeping && (this.#ended || this.length !== null);
  }

  /** The body for one more attempt. @throws Error where it is gone: ask `replayable` first. */
  open(): BodySource {
    if (!this.replayable) throw new Error('The body of this request has gone by.');
    const reader = new Reader(this, this.#kept.slice());
    this.#readers.add(reader);
    this.#pace();
    return reader;
  }

  /** The last attempt has been made: what it has not read yet is streamed, and nothing is kept any more. */
  release(): void {
    this.#released = true;
    this.#keeping = false;
    this.#kept = [];
    this.#pace();
    if (this.#readers.size === 0 && !this.#ended) this.cancel();
  }

  /** Nobody wants the body any more. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#kept = [];
    this.#readers.clear();
    this.#source.cancel();
  }

  /** For readers: starts the source, if that has not been done. */
  begin(): void {
    if (this.#started || this.#cancelled) return;
    this.#started = true;
    this.#source.start({
      chunk: (bytes) => this.#chunk(bytes),
      end: () => {
        this.#ended = true;
        for (const reader of this.#readers) reader.pump();
      },
      fail: (error) => {
        this.#failure = error;
        this.#kept = [];
        for (const reader of this.#readers) reader.fail(error);
      },
    });
    this.#pace();
  }

  /** For readers. */
  get ended(): boolean {
    return this.#ended;
  }

  /** For readers. */
  get failure(): MeshError | null {
    return this.#failure;
  }

  /** For readers: one has read more, or does not want to read now. */
  paceChanged(): void {
    this.#pace();
  }

  /** For readers: one wants nothing more. */
  leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    if (this.#released && this.#readers.size === 0 && !this.#ended) this.cancel();
    else this.#pace();
  }

  #chunk(bytes: Uint8Array): void {
    if (this.#keeping) {
      // Without a reader it was on its way when the source was paused: it must not be lost, whatever the limit is.
      if (this.#readers.size === 0 || this.#keptBytes + bytes.byteLength <= this.#limitBytes) {
        this.#kept.push(bytes);
        this.#keptBytes += bytes.byteLength;
      } else {
        this.#keeping = false;
        this.#kept = [];
      }
    }
    for (const reader of this.#readers) reader.push(bytes);
    this.#pace();
  }

  /** Lets the source run while there is somebody to read it, or room to keep it in. */
  #pace(): void {
    if (!this.#started || this.#ended || this.#cancelled || this.#failure !== null) return;
    const pause = this.#readers.size === 0 || (!this.#keeping && this.#someBehind());
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#source.pause();
    else this.#source.resume();
  }

  #someBehind(): boolean {
    for (const reader of this.#readers) if (reader.behind) return true;
    return false;
  }
}

/** One attempt's view of the body. */
class Reader implements BodySource {
  readonly #replay: RequestReplay;
  /** Read from the client, not yet by this attempt. */
  readonly #pending: Uint8Array[];
  #sink: BodySink | null = null;
  #flowing = false;
  #pumping = false;
  #closed = false;

  constructor(replay: RequestReplay, pending: Uint8Array[]) {
    this.#replay = replay;
    this.#pending = pending;
  }

  get length(): number | null {
    return this.#replay.length;
  }

  get behind(): boolean {
    return !this.#flowing || this.#pending.length > 0;
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
    this.#closed = true;
    this.#sink = null;
    this.#pending.length = 0;
    this.#replay.leave(this);
  }

  /** For the replay: the next bytes, in order behind what is pending. */
  push(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.pump();
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
    while (this.#flowing && this.#sink !== null && this.#pending.length > 0) {
      this.#sink.chunk(this.#pending.shift() as Uint8Array);
    }
    this.#pumping = false;
    if (this.#closed) return;
    if (this.#replay.ended && this.#pending.length === 0 && this.#flowing) {
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
    this.#pending.length = 0;
    this.#replay.leave(this);
  }
}
