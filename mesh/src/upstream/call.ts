import type { Dispatcher } from 'undici';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Headers, withoutHopByHop } from '../headers.ts';
import type { BodyEnd, ClientSink, Reply, ReplyBody } from '../reply.ts';
import { upstreamFailure } from './failures.ts';

/** Content that arrived before anybody wanted it is kept up to this many bytes; then the upstream waits. */
const heldBytesMax = 64 * 1024;
/** What is left of a discarded reply is read away if it is no more than this; else the connection is given up. */
const drainBytesMax = 64 * 1024;

/**
 * One request on one upstream connection: undici's handler, the reply and its body in one object, because a request
 * makes one of each.
 */
export class Call implements Dispatcher.DispatchHandler, Reply, ReplyBody {
  status = 0;
  headers: Headers = [];
  readonly tunnelled = false;
  length: number | null = null;
  readonly #exchange: Exchange;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: MeshError) => void = () => {};
  #controller: Dispatcher.DispatchController | null = null;
  /** Rejected or resolved: the promise of the head is settled. */
  #settled = false;
  #sink: ClientSink | null = null;
  #discarded = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #trailers: Headers = [];
  /** The upstream has said its last word; what is held may still have to go to the client. */
  #complete = false;
  #failure: MeshError | null = null;
  #ended: BodyEnd | null = null;
  #listeners: ((end: BodyEnd) => void)[] = [];

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get body(): ReplyBody {
    return this;
  }

  /** Hands the request to `dispatch`; the promise is that of the reply's head. */
  start(dispatch: (handler: Call) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#exchange.onAbort(this.#onAbort);
      if (this.#settled) return;
      try {
        dispatch(this);
      } catch (thrown) {
        this.#fail(upstreamFailure(thrown, false));
      }
    });
  }

  readonly #onAbort = (error: MeshError): void => {
    // The head's promise is answered at once: a request that still queues for a connection is only dropped by undici
    // when its turn comes.
    this.#fail(error);
    this.#controller?.abort(error);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== null) controller.abort(this.#failure);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: nothing the client needs (Expect is answered by the mesh itself).
    if (status < 200 || this.#settled) return;
    this.status = status;
    const headers = lowerCased(rawOf(controller));
    this.headers = withoutHopByHop(headers);
    this.length = contentLength(headers);
    this.#settled = true;
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.byteLength;
    if (this.#discarded) return;
    if (this.#sink !== null) {
      if (!this.#sink.write(chunk)) controller.pause();
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.byteLength;
    if (this.#heldBytes >= heldBytesMax) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#complete = true;
    const raw = controller.rawTrailers;
    if (Array.isArray(raw) && raw.length > 0) this.#trailers = withoutHopByHop(lowerCased(raw as Buffer[]));
    if (this.#sink !== null) this.#sink.end(null, this.#trailers);
    if (this.#sink !== null || this.#discarded) this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, thrown: Error): void {
    this.#fail(this.#exchange.aborted ?? upstreamFailure(thrown, this.#controller !== null));
  }

  pipeTo(client: ClientSink): void {
    if (this.#sink !== null || this.#discarded) throw new Error('A reply body has one use.');
    this.#sink = client;
    const held = this.#held;
    this.#held = [];
    if (this.#failure !== null) {
      client.fail(this.#failure);
      return;
    }
    if (this.#complete) {
      for (let i = 0; i < held.length - 1; i += 1) client.write(held[i] as Uint8Array);
      client.end(held.at(-1) ?? null, this.#trailers);
      this.#finish(null);
      return;
    }
    client.onWritable(() => this.#controller?.resume());
    let writable = true;
    for (const chunk of held) writable = client.write(chunk) && writable;
    if (!writable) this.#controller?.pause();
    else if (this.#heldBytes >= heldBytesMax) this.#controller?.resume();
  }

  discard(): void {
    if (this.#sink !== null || this.#discarded) return;
    this.#discarded = true;
    this.#held = [];
    if (this.#complete || this.#failure !== null) {
      this.#finish(this.#failure);
      return;
    }
    const left = this.length === null ? Number.POSITIVE_INFINITY : this.length - this.#bytes;
    if (left <= drainBytesMax) this.#controller?.resume();
    else this.#controller?.abort(discarded);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended === null) this.#listeners.push(listener);
    else listener(this.#ended);
  }

  /** The exchange has failed: before the head this rejects, after it the body breaks off. */
  #fail(error: MeshError): void {
    if (this.#failure !== null || this.#complete) return;
    this.#failure = error;
    if (!this.#settled) {
      this.#settled = true;
      this.#finish(error);
      this.#reject(error);
      return;
    }
    this.#held = [];
    this.#sink?.fail(error);
    this.#finish(this.#discarded ? null : error);
  }

  #finish(error: MeshError | null): void {
    if (this.#ended !== null) return;
    this.#ended = { bytes: this.#bytes, error };
    this.#exchange.offAbort(this.#onAbort);
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(this.#ended);
  }
}

const discarded = new MeshError('client_closed', 'Nobody wants this reply.', { delivery: 'maybe_sent' });

function rawOf(controller: Dispatcher.DispatchController): readonly (Buffer | string)[] {
  const raw = controller.rawHeaders;
  return Array.isArray(raw) ? raw : [];
}

/** Names in lower case, values byte for byte. */
function lowerCased(raw: readonly (Buffer | string)[]): Headers {
  const headers: Headers = new Array(raw.length);
  for (let i = 0; i < raw.length; i += 2) {
    headers[i] = text(raw[i] as Buffer | string).toLowerCase();
    headers[i + 1] = text(raw[i + 1] as Buffer | string);
  }
  return headers;
}

function text(value: Buffer | string): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}

function contentLength(headers: readonly string[]): number | null {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'content-length') return Number(headers[i + 1]);
  }
  return null;
}
