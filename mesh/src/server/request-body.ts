import type { BodySink, BodySource } from '../body.ts';
import type { Clock } from '../clock.ts';
import type { MeshError } from '../errors.ts';
import type { Facts } from '../exchange.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import { noRoom } from '../memory/no-room.ts';

/** Unread content is buffered up to this many bytes. Then the client has to wait. */
const heldBytesMax = 64 * 1024;
/** Unwanted content is discarded up to this many bytes. Then the connection is cut. */
const lingerBytesMax = 4 * 1024 * 1024;
/** Unwanted content is discarded for this long at most. */
const lingerMs = 10_000;

/** The connection that carries a body. */
export interface BodyCarrier {
  /** Stops reading for now. Repeated calls are harmless, as with `resume`. */
  pause(): void;
  resume(): void;
  /** Cuts the connection, because the body cannot be read to its end. */
  cut(): void;
}

export interface RequestBodyOptions {
  carrier: BodyCarrier;
  facts: Facts;
  /** The announced length in bytes; null if the body is chunked. */
  length: number | null;
  expectsContinue: boolean;
  clock: Clock;
}

/** The body of a client's request, as the mesh's BodySource. */
export class RequestBody implements BodySource {
  readonly length: number | null;
  readonly #carrier: BodyCarrier;
  readonly #facts: Facts;
  readonly #expectsContinue: boolean;
  readonly #clock: Clock;
  #sink: BodySink | null = null;
  #paused = false;
  #canceled = false;
  /** Received content that has not been read, oldest first. */
  #held: HeldBytes | null = null;
  #bytes = 0;
  #complete = false;
  #failure: MeshError | null = null;
  /** The number of bytes received after the body was canceled. */
  #lingered = 0;
  #stopLingering: (() => void) | null = null;

  constructor({ carrier, facts, length, expectsContinue, clock }: RequestBodyOptions) {
    this.#carrier = carrier;
    this.#facts = facts;
    this.length = length;
    this.#expectsContinue = expectsContinue;
    this.#clock = clock;
  }

  /** The client waits for "100 Continue", and has sent nothing so far. */
  get awaited(): boolean {
    return this.#expectsContinue && this.#bytes === 0;
  }

  /** The announced length is more than the mesh discards. The client is told at once that this connection ends. */
  get tooLongToReadAway(): boolean {
    return this.length !== null && this.length - this.#bytes > lingerBytesMax;
  }

  /**
   * The body is being read, and the client does not send. A client that waits for "100 Continue" does not count: then
   * the service is waited for.
   */
  get waitsForClient(): boolean {
    return (
      !this.awaited && !this.#complete && this.#failure === null && !this.#paused && this.#heldBytes < heldBytesMax
    );
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (this.#heldBytes > 0 || this.#complete || this.#failure !== null) queueMicrotask(this.#deliver);
  }

  /** For the connection. @param bytes are reused by the connection when this returns, unless `given` */
  onData(bytes: Buffer, given: boolean): void {
    this.#bytes += bytes.byteLength;
    if (this.#canceled) {
      this.#lingered += bytes.byteLength;
      if (this.#lingered > lingerBytesMax) this.#carrier.cut();
      return;
    }
    this.#facts.bytesReceived += bytes.byteLength;
    if (this.#sink !== null && !this.#paused && this.#heldBytes === 0) {
      this.#sink.chunk(given ? bytes : Buffer.from(bytes));
      return;
    }
    this.#held ??= new HeldBytes(this.#facts.memory);
    if (!this.#held.tryAdd(bytes, given)) {
      this.fail(noRoom());
      this.#readAway();
      return;
    }
    if (this.#heldBytes >= heldBytesMax) this.#carrier.pause();
  }

  /** For the connection: the last byte has arrived. */
  onEnd(): void {
    this.#stopLingering?.();
    if (this.#failure !== null) return;
    this.#complete = true;
    if (this.#sink !== null && !this.#paused && this.#heldBytes === 0) this.#tellEnd();
  }

  /** For the connection: no more bytes will arrive. */
  fail(error: MeshError): void {
    if (this.#complete || this.#failure !== null) return;
    this.#failure = error;
    this.#stopLingering?.();
    this.#held?.clear();
    const sink = this.#sink;
    this.#sink = null;
    sink?.fail(error);
  }

  pause(): void {
    this.#paused = true;
    if (!this.#complete) this.#carrier.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#sink !== null && (this.#heldBytes > 0 || this.#complete)) queueMicrotask(this.#deliver);
    else if (!this.#complete) this.#carrier.resume();
  }

  cancel(): void {
    if (this.#canceled) return;
    this.#sink = null;
    this.#held?.clear();
    if (this.#complete || this.#failure !== null) this.#canceled = true;
    else this.#readAway();
  }

  get #heldBytes(): number {
    return this.#held?.bytes ?? 0;
  }

  #readAway(): void {
    this.#canceled = true;
    // Discards the rest, so that the client can read its reply before the connection closes. The amount is bounded.
    this.#stopLingering = this.#clock.after(lingerMs, () => this.#carrier.cut());
    this.#carrier.resume();
  }

  readonly #deliver = (): void => {
    while (this.#sink !== null && !this.#paused) {
      const piece = this.#held?.take() ?? null;
      if (piece === null) break;
      this.#sink.chunk(piece);
    }
    if (this.#paused || this.#heldBytes > 0 || this.#sink === null) return;
    if (this.#complete) this.#tellEnd();
    else if (this.#failure !== null) this.#tellFailure(this.#failure);
    else this.#carrier.resume();
  };

  #tellEnd(): void {
    const sink = this.#sink;
    this.#sink = null;
    sink?.end();
  }

  #tellFailure(error: MeshError): void {
    const sink = this.#sink;
    this.#sink = null;
    sink?.fail(error);
  }
}
