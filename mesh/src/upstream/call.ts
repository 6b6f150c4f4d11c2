import type { MeshError } from '../errors.ts';
import { type Headers, withoutHopByHop } from '../headers.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import { retryableHeader } from '../policy/retry-policy.ts';
import type { BodyEnd, ClientSink, Reply, ReplyBody } from '../reply.ts';
import type { UpstreamRequest } from './request.ts';

/** Content that arrived before anybody wanted it is kept up to this many bytes, unless `onHeld` names more; then the upstream waits. */
const heldBytesMin = 64 * 1024;
/** What is left of a discarded reply is read away if it is no more than this; else the connection is given up. */
const drainBytesMax = 64 * 1024;

/** The head of a reply, as far as a call needs it. */
interface ReplyHead {
  readonly status: number;
  readonly headers: Headers;
  /** Content-Length; null where there is none. */
  readonly length: number | null;
}

/** What serves a call: a connection, or the queue for one. */
export interface Carrier {
  pause(): void;
  resume(): void;
  /** Nobody wants the reply any more. The call hears nothing after this. */
  abandon(call: Call): void;
}

const none: Headers = [];

/** One request to an upstream: the reply and its body in one object, because a request makes one of each. */
export class Call implements Reply, ReplyBody {
  readonly exchange: UpstreamRequest;
  status = 0;
  headers: Headers = none;
  readonly tunnelled = false;
  length: number | null = null;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: MeshError) => void = () => {};
  #carrier: Carrier | null = null;
  /** Rejected or resolved: the promise of the head is settled. */
  #settled = false;
  #sink: ClientSink | null = null;
  #discarded = false;
  /** The first piece: most replies come in one, which is handed on at once. */
  #first: Buffer | null = null;
  /** What came before it had a use, where that is more than one piece, or it is to wait. */
  #held: HeldBytes | null = null;
  #heldBytesMax = heldBytesMin;
  #bytes = 0;
  #trailers: Headers = none;
  /** The upstream has said its last word; what is held may still have to go to the client. */
  #complete = false;
  #failure: MeshError | null = null;
  #ended: BodyEnd | null = null;
  #listeners: ((end: BodyEnd) => void)[] | null = null;
  #heldListener: ((error: MeshError | null) => void) | null = null;

  constructor(exchange: UpstreamRequest) {
    this.exchange = exchange;
  }

  get body(): ReplyBody {
    return this;
  }

  /** The promise of the reply's head, which the carrier that `begin` finds will keep. Once. */
  start(begin: (call: Call) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.exchange.onAbort(this.#onAbort);
      if (!this.#settled) begin(this);
    });
  }

  /** For carriers: who carries the call from now on. */
  carriedBy(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  readonly #onAbort = (error: MeshError): void => {
    this.fail(error);
  };

  /** For carriers. */
  onHead({ status, headers, length }: ReplyHead): void {
    this.status = status;
    this.headers = withoutHopByHop(headers);
    this.length = length;
    this.#settled = true;
    this.#resolve(this);
  }

  /** For carriers: a reply before the final one (RFC 9110 section 15.2). */
  onInterim({ status, headers }: ReplyHead): void {
    this.exchange.interim?.interim(status, withoutHopByHop(headers, notInInterim));
  }

  /** For carriers. @param bytes are the carrier's again when this returns, unless `given` */
  onData(bytes: Buffer, given: boolean): void {
    this.#bytes += bytes.byteLength;
    if (this.#discarded) return;
    if (this.#sink !== null) {
      if (!this.#sink.write(given ? bytes : Buffer.from(bytes))) this.#carrier?.pause();
      return;
    }
    let room = true;
    if (this.#held === null && this.#bytes === bytes.byteLength) this.#first = given ? bytes : Buffer.from(bytes);
    else room = this.#hold().add(bytes, given);
    if (room && this.#bytes < this.#heldBytesMax) return;
    this.#carrier?.pause();
    this.#tellHeld(null);
  }

  /** Where pieces are held from the second one on. */
  #hold(): HeldBytes {
    this.#held ??= new HeldBytes(this.exchange.facts.memory);
    if (this.#first !== null) this.#held.add(this.#first, true);
    this.#first = null;
    return this.#held;
  }

  #drop(): void {
    this.#first = null;
    this.#held?.clear();
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended !== null) listener(this.#ended);
    else if (this.#listeners === null) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  /** For carriers: the last byte has come. They carry the call no longer. */
  complete(trailers: Headers): void {
    this.#complete = true;
    this.#carrier = null;
    if (trailers.length > 0) this.#trailers = withoutHopByHop(trailers, notInTrailers);
    if (this.#sink !== null) this.#sink.end(null, this.#trailers);
    if (this.#sink !== null || this.#discarded) this.#finish(null);
    this.#tellHeld(null);
  }

  get whole(): boolean {
    return this.#complete;
  }

  onHeld(listener: (error: MeshError | null) => void, bytes: number): void {
    this.#heldBytesMax = bytes;
    if (this.#failure !== null || this.#complete || this.#bytes >= bytes) {
      listener(this.#failure);
      return;
    }
    this.#hold();
    const { memory } = this.exchange.facts;
    if (memory.takenBytes > memory.maxBytes) {
      listener(null);
      return;
    }
    this.#heldListener = listener;
    this.#carrier?.resume();
  }

  #tellHeld(error: MeshError | null): void {
    const listener = this.#heldListener;
    this.#heldListener = null;
    listener?.(error);
  }

  pipeTo(client: ClientSink): void {
    if (this.#sink !== null || this.#discarded) throw new Error('A reply body has one use.');
    this.#sink = client;
    if (this.#failure !== null) {
      client.fail(this.#failure);
      return;
    }
    if (this.#complete) {
      let last = this.#takeHeld();
      for (let next = this.#takeHeld(); next !== null; next = this.#takeHeld()) {
        client.write(last as Buffer);
        last = next;
      }
      client.end(last, this.#trailers);
      this.#finish(null);
      return;
    }
    client.onWritable(() => this.#carrier?.resume());
    let writable = true;
    for (let next = this.#takeHeld(); next !== null; next = this.#takeHeld()) {
      writable = client.write(next) && writable;
    }
    if (!writable) this.#carrier?.pause();
    else this.#carrier?.resume();
  }

  #takeHeld(): Buffer | null {
    const first = this.#first;
    this.#first = null;
    return first ?? this.#held?.take() ?? null;
  }

  discard(): void {
    if (this.#sink !== null || this.#discarded) return;
    this.#discarded = true;
    this.#drop();
    if (this.#complete || this.#failure !== null) {
      this.#finish(this.#failure);
      return;
    }
    const left = this.length === null ? Number.POSITIVE_INFINITY : this.length - this.#bytes;
    if (left <= drainBytesMax) {
      this.#carrier?.resume();
      return;
    }
    this.#abandon();
    this.#finish(null);
  }

  /** The call has come to nothing: before the head this rejects, after it the body breaks off. */
  fail(error: MeshError): void {
    if (this.#failure !== null || this.#complete || this.#ended !== null) return;
    this.#failure = error;
    this.#abandon();
    if (!this.#settled) {
      this.#settled = true;
      this.#finish(error);
      this.#reject(error);
      return;
    }
    this.#drop();
    this.#sink?.fail(error);
    this.#finish(this.#discarded ? null : error);
    this.#tellHeld(error);
  }

  #abandon(): void {
    const carrier = this.#carrier;
    this.#carrier = null;
    carrier?.abandon(this);
  }

  #finish(error: MeshError | null): void {
    if (this.#ended !== null) return;
    this.#ended = { bytes: this.#bytes, error };
    this.exchange.offAbort(this.#onAbort);
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(this.#ended);
  }
}

/** An interim reply has no content (RFC 9110 section 8.6), and is no failure that could be tried again. */
const notInInterim: ReadonlySet<string> = new Set(['content-length', retryableHeader]);

/** A recipient that merges trailers into the head must not be misled by them (RFC 9110 section 6.5.1). */
const notInTrailers: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'host',
  'authorization',
  'set-cookie',
  'cache-control',
  'location',
]);
