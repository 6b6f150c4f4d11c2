import type { BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import { noRoom } from '../memory/no-room.ts';
import { AttemptBody } from './attempt-body.ts';

/**
 * The body of one request, for as many attempts as it takes: every attempt reads it from its first byte to its last,
 * whatever the attempts before it have read. What has been read is kept up to `limitBytes`; a body that is longer goes
 * by, and whoever has not begun by then comes too late. So does one for which the process has no room.
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
  readonly #readers = new Set<AttemptBody>();
  readonly #memory: HeldMemory;
  /** Null where nothing is kept for further attempts. */
  #kept: HeldBytes | null;
  #started = false;
  #ended = false;
  #failure: MeshError | null = null;
  #paused = false;
  /** No attempt follows: nothing is kept, and the last reader decides over the source. */
  #released = false;
  #cancelled = false;

  /** @param limitBytes 0 = nothing is kept */
  constructor(source: BodySource, limitBytes: number, memory: HeldMemory) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#memory = memory;
    const keeps = limitBytes > 0 && (source.length ?? 0) <= limitBytes;
    this.#kept = keeps ? new HeldBytes(memory) : null;
  }

  get length(): number | null {
    return this.#source.length;
  }

  /** Whether another attempt can have the body from its first byte. */
  get replayable(): boolean {
    if (this.#released || this.#cancelled || this.#failure !== null) return false;
    return !this.#started || this.#kept !== null;
  }

  /** Whether that will stay so however much is still to come: two attempts may read at a time. */
  get shareable(): boolean {
    return this.replayable && this.#kept !== null && (this.#ended || this.length !== null);
  }

  /** The body for one more attempt. @throws Error where it is gone: ask `replayable` first. */
  open(): BodySource {
    if (!this.replayable) throw new Error('The body of this request has gone by.');
    const reader = new AttemptBody(this, this.#kept, this.#memory);
    this.#readers.add(reader);
    this.#pace();
    return reader;
  }

  /** The last attempt has been made: what it has not read yet is streamed, and nothing is kept any more. */
  release(): void {
    this.#released = true;
    this.#stopKeeping();
    this.#pace();
    if (this.#readers.size === 0 && !this.#ended) this.cancel();
  }

  /** Nobody wants the body any more. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#stopKeeping();
    for (const reader of this.#readers) reader.drop();
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
      fail: (error) => this.#fail(error),
    });
    this.#pace();
  }

  /** For readers. */
  get ended(): boolean {
    return this.#ended;
  }

  /** For readers: whether what comes is still kept. */
  get keeps(): boolean {
    return this.#kept !== null;
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
  leave(reader: AttemptBody): void {
    if (!this.#readers.delete(reader)) return;
    if (this.#released && this.#readers.size === 0 && !this.#ended) this.cancel();
    else this.#pace();
  }

  #chunk(bytes: Uint8Array): void {
    const kept = this.#keep(bytes);
    if (this.#failure !== null) return;
    for (const reader of this.#readers) {
      if (kept) reader.pump();
      else if (!reader.push(bytes)) this.#refuse();
    }
    this.#pace();
  }

  /** @returns whether readers find `bytes` among what is kept */
  #keep(bytes: Uint8Array): boolean {
    const kept = this.#kept;
    if (kept === null) return false;
    // Without a reader it was on its way when the source was paused: it must not be lost, whatever the limit is.
    const wanted = this.#readers.size === 0 || kept.bytes + bytes.byteLength <= this.#limitBytes;
    if (wanted && kept.tryAdd(bytes, true)) return true;
    this.#stopKeeping();
    if (this.#readers.size === 0) this.#refuse();
    return false;
  }

  #stopKeeping(): void {
    this.#kept?.release();
    this.#kept = null;
  }

  /** There is no room for what has come. */
  #refuse(): void {
    if (this.#failure !== null) return;
    this.#source.cancel();
    this.#fail(noRoom());
  }

  #fail(error: MeshError): void {
    this.#failure = error;
    this.#stopKeeping();
    for (const reader of this.#readers) reader.fail(error);
  }

  /** Lets the source run while there is somebody to read it, or room to keep it in. */
  #pace(): void {
    if (!this.#started || this.#ended || this.#cancelled || this.#failure !== null) return;
    const pause = this.#readers.size === 0 || (this.#kept === null && this.#someBehind());
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
