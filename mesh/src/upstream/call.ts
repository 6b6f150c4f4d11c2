import type { MeshError } from '../errors.ts';
import { type Headers, withoutHopByHop } from '../headers.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import { retryableHeader } from '../policy/retry-policy.ts';
import type { BodyEnd, ClientSink, Reply, ReplyBody } from '../reply.ts';
import type { UpstreamRequest } from './request.ts';

/** Unread content is buffered up to this many bytes, unless `onHeld` names more. Then the upstream has to wait. */
const heldBytesMin = 64 * 1024;
/** The rest of a discarded reply is read if it is no larger than this. Otherwise the connection is closed. */
const drainBytesMax = 64 * 1024;

/** The head of a reply, as far as a call needs it. */
interface ReplyHead {
  readonly status: number;
  readonly headers: Headers;
  /** Content-Length; null where there is none. */
  readonly length: number | null;
}

/** What carries a call: a connection, or the queue for one. */
export interface Carrier {
  pause(): void;
  resume(): void;
  /** The reply is not wanted any more. The call gets no further events. */
  abandon(call: Call): void;
}

const none: Headers = [];

/** One request to an upstream, with the reply and its body in one object, because each request has one of each. */
export class Call implements Reply, ReplyBody {
  readonly exchange: UpstreamRequest;
  status = 0;
  headers: Headers = none;
  readonly tunneled = false;
  length: number | null = null;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: MeshError) => void = () => {};
  #carrier: Carrier | null = null;
  /** The promise of the head is settled. */
  #settled = false;
  #sink: ClientSink | null = null;
  #discarded = false;
  /** The first piece. Most replies have one, which is passed on at once. */
  #first: Buffer | null = null;
  /** Received content that waits: more than one piece, or one that cannot be passed on yet. */
  #held: HeldBytes | null = null;
  #heldBytesMax = heldBytesMin;
  #bytes = 0;
  #trailers: Headers = none;
  /** The upstream has sent everything. Buffered content may still have to go to the client. */
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

  /** The promise of the reply's head, kept by the carrier that `begin` finds. Call it once. */
  start(begin: (call: Call) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.exchange.onAbort(this.#onAbort);
      if (!this.#settled) begin(this);
    });
  }

  /** For carriers: the new carrier of the call. */
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

  /** For carriers: an interim reply (RFC 9110 section 15.2). */
  onInterim({ status, headers }: ReplyHead): void {
    this.exchange.interim?.interim(status, withoutHopByHop(headers, notInInterim));
  }

  /** For carriers. @param bytes are reused by the carrier when this returns, unless `given` */
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

  /** The list of buffered pieces, needed from the second piece on. */
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

  /** For carriers: the last byte has arrived. The carrier is free. */
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

  /** Fails the call. Before the head this rejects; after it the body breaks off. */
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

/** An interim reply has no content (RFC 9110 section 8.6), and is not a failure that could be retried. */
const notInInterim: ReadonlySet<string> = new Set(['content-length', retryableHeader]);

/** Keeps trailers from misleading a recipient that merges them into the head (RFC 9110 section 6.5.1). */
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
