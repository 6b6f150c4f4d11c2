import type { BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import { noRoom } from '../memory/no-room.ts';
import { Reader, type SharedBody } from './reader.ts';

/**
 * The body of one request, for any number of attempts. Each attempt reads the whole body, whatever earlier attempts
 * have read. Bytes that have been read are kept up to `limitBytes`. A body that is longer, or for which the process has
 * no room, is streamed and not kept: no further attempt can begin to read it.
 *
 * The first attempt that wants a byte starts the source. Until then, a body that is too long to be kept can also go to
 * another attempt.
 *
 * While bytes are kept, no attempt holds up another: the source runs on, bounded by the limit. Beyond the limit, the
 * one attempt that is left sets the pace.
 */
export class RequestReplay implements SharedBody {
  readonly #source: BodySource;
  readonly #limitBytes: number;
  readonly #readers = new Set<Reader>();
  readonly #memory: HeldMemory;
  /** Null once nothing is kept for further attempts. */
  #kept: HeldBytes | null;
  #started = false;
  #ended = false;
  #failure: MeshError | null = null;
  #paused = false;
  /** No attempt follows: nothing is kept, and the source is canceled when the last reader leaves. */
  #released = false;
  #canceled = false;

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

  /** Whether another attempt can read the body from its first byte. */
  get replayable(): boolean {
    if (this.#released || this.#canceled || this.#failure !== null) return false;
    return !this.#started || this.#kept !== null;
  }

  /** Whether `replayable` stays true however much is still to come, so that two attempts may read at a time. */
  get shareable(): boolean {
    return this.replayable && this.#kept !== null && (this.#ended || this.length !== null);
  }

  /** The body for one more attempt. @throws Error when it is not `replayable`. */
  open(): BodySource {
    if (!this.replayable) throw new Error('The body of this request has gone by.');
    const reader = new Reader(this, this.#kept, this.#memory);
    this.#readers.add(reader);
    this.#pace();
    return reader;
  }

  /** The last attempt has been opened: the rest of the body is streamed, and nothing is kept. */
  release(): void {
    this.#released = true;
    this.#stopKeeping();
    this.#pace();
    if (this.#readers.size === 0 && !this.#ended) this.cancel();
  }

  /** The body is not wanted any more. */
  cancel(): void {
    if (this.#canceled) return;
    this.#canceled = true;
    this.#stopKeeping();
    for (const reader of this.#readers) reader.drop();
    this.#readers.clear();
    this.#source.cancel();
  }

  begin(): void {
    if (this.#started || this.#canceled) return;
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

  get ended(): boolean {
    return this.#ended;
  }

  get keeps(): boolean {
    return this.#kept !== null;
  }

  get failure(): MeshError | null {
    return this.#failure;
  }

  paceChanged(): void {
    this.#pace();
  }

  leave(reader: Reader): void {
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

  /** @returns whether readers find `bytes` among the kept bytes */
  #keep(bytes: Uint8Array): boolean {
    const kept = this.#kept;
    if (kept === null) return false;
    // Without a reader, the bytes were on their way when the source was paused: they must not be lost, whatever the
    // limit.
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

  /** There is no room for the bytes that have come. */
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

  /** Runs the source while a reader keeps up with it, or while its bytes are kept. */
  #pace(): void {
    if (!this.#started || this.#ended || this.#canceled || this.#failure !== null) return;
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
