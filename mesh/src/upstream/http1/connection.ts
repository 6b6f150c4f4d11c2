import { connect, type Socket } from 'node:net';
import type { BodySource } from '../../body.ts';
import { asMeshError, MeshError } from '../../errors.ts';
import type { Headers } from '../../headers.ts';
import { type MessageListener, MessageParser } from '../../http1/message-parser.ts';
import type { Call, Carrier } from '../call.ts';
import { upstreamFailure } from '../failures.ts';
import { requestHead } from './request-head.ts';
import { type ResponseHead, replies } from './response-head.ts';
import { Upload } from './upload.ts';

/** The size of a read. */
const readBytesMax = 64 * 1024;
/** A piece of at least this size is passed on with its memory. Smaller pieces are copied, and the memory is reused. */
const givenBytesMin = 16 * 1024;

/** The pool that a connection belongs to. */
export interface ConnectionOwner {
  /** Counts time. Connections record it at each activity. */
  readonly tick: number;
  onConnected(connection: Connection): void;
  /** The reply has ended, and the connection can take another request. */
  onFree(connection: Connection, keepAliveMs: number | null): void;
  /** The connection is closed, or could not be opened: then `error` says why. */
  onGone(connection: Connection, error: MeshError | null): void;
}

export interface ConnectionTarget {
  host: string;
  port: number;
  connectTimeoutMs: number;
  headBytesMax: number;
}

/**
 * One kept-alive connection to an upstream. It carries one request at a time, and reads the reply to its last byte and
 * not beyond.
 */
export class Connection implements Carrier, MessageListener<ResponseHead> {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser: MessageParser<ResponseHead>;
  readonly #begunMs = performance.now();
  #connecting: NodeJS.Timeout;
  #buffer = Buffer.allocUnsafeSlow(readBytesMax);
  #connected = false;
  #gone = false;
  #call: Call | null = null;
  #upload: Upload | null = null;
  #paused = false;
  #writeFailed = false;
  #reads = 0;
  /** From the head of the current reply. */
  #persistent = false;
  #keepAliveMs: number | null = null;
  /** The owner's tick of the last activity. */
  tick: number;
  /** For the owner: how long the server keeps an unused connection. `tick` is the beginning of that time. */
  keptMs = Number.POSITIVE_INFINITY;

  constructor(owner: ConnectionOwner, { host, port, connectTimeoutMs, headBytesMax }: ConnectionTarget) {
    this.#owner = owner;
    this.tick = owner.tick;
    this.#parser = new MessageParser(replies, this, headBytesMax);
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: {
        buffer: () => this.#buffer,
        callback: (count, buffer) => {
          this.#onRead(buffer as Buffer, count);
          return !this.#paused;
        },
      },
    });
    this.#socket = socket;
    const destroy = socket.destroy.bind(socket);
    // A service may reply before the whole request has arrived, and close. The reply can still be read.
    socket.destroy = (error) => (this.#survives(error) ? socket : destroy(error));
    this.#connecting = this.#connectWithin(connectTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(this.#connecting);
      if (this.#gone) return;
      this.#connected = true;
      owner.onConnected(this);
    });
    socket.on('drain', () => this.#upload?.drained());
    // A socket reports the end only while it is read.
    socket.resume();
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#end(upstreamFailure(error, this.#connected)));
    socket.on('close', () => this.#end(null));
  }

  #connectWithin(limitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#end(new MeshError('connect_timeout', 'The service did not accept a connection in time.'));
    }, limitMs);
  }

  /** For the owner: closes a connection that is not open `limitMs` after its beginning. */
  limitConnecting(limitMs: number): void {
    if (this.#connected || this.#gone) return;
    clearTimeout(this.#connecting);
    this.#connecting = this.#connectWithin(Math.max(0, limitMs - (performance.now() - this.#begunMs)));
  }

  /** Whether `error` affects the sending side alone while a reply is awaited. Reading then tells how the reply ends. */
  #survives(error: Error | undefined): boolean {
    if ((error as NodeJS.ErrnoException | undefined)?.syscall !== 'write') return false;
    if (this.#gone || this.#upload === null) return false;
    // Writes queued before the first failure fail too.
    if (this.#writeFailed) return true;
    this.#writeFailed = true;
    this.#upload.cancel();
    if (this.#paused) this.resume();
    else this.#readOut();
    return true;
  }

  /**
   * Reads the input that arrived before the connection broke, then closes it. A stream that failed to write no longer
   * reports its end. All input has arrived by then, so a pass of the event loop without a read is the end.
   */
  #readOut(): void {
    const before = this.#reads;
    setImmediate(() =>
      setImmediate(() => {
        // A paused connection continues with `resume`.
        if (this.#gone || this.#paused) return;
        if (this.#reads !== before) this.#readOut();
        else this.#onEnd();
      }),
    );
  }

  get connected(): boolean {
    return this.#connected;
  }

  get busy(): boolean {
    return this.#call !== null;
  }

  /** Silence is normal while no reply is awaited. */
  get waitsForOthers(): boolean {
    return this.#paused || (this.#upload?.waitsForSource ?? false);
  }

  /** Sends the request of `call`. The connection must be open and not busy. */
  send(call: Call): void {
    let head: string;
    const { exchange } = call;
    try {
      head = requestHead(exchange);
    } catch (thrown) {
      call.fail(asMeshError(thrown));
      this.#owner.onFree(this, this.#keepAliveMs);
      return;
    }
    this.#call = call;
    this.tick = this.#owner.tick;
    call.carriedBy(this);
    this.#parser.expect(exchange.method);
    const { body } = exchange;
    if (body === null) this.#socket.write(head, 'latin1');
    else this.#sendWith(body, exchange.expectsContinue, head);
  }

  #sendWith(body: BodySource, expectsContinue: boolean, head: string): void {
    this.#upload = new Upload(this.#socket, { body, expectsContinue }, this.#onFailure);
    this.#upload.start(head);
  }

  readonly #onFailure = (error: MeshError): void => this.#end(error);

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    if (this.#writeFailed) this.#readOut();
  }

  abandon(_call: Call): void {
    this.#call = null;
    this.close();
  }

  /** Aborts the current call, if any. */
  fail(error: MeshError): void {
    this.#end(error);
  }

  close(): void {
    this.#end(null);
  }

  onHead(head: ResponseHead): void {
    this.#persistent = head.persistent;
    this.#keepAliveMs = head.keepAliveMs;
    this.#call?.onHead(head);
  }

  onInterim(head: ResponseHead): void {
    if (head.status === 100) this.#upload?.continued();
    this.#call?.onInterim(head);
  }

  onData(bytes: Buffer): void {
    const given = bytes.byteLength >= givenBytesMin;
    if (given) this.#buffer = Buffer.allocUnsafeSlow(readBytesMax);
    this.#call?.onData(bytes, given);
  }

  onEnd(trailers: Headers): void {
    const call = this.#call;
    this.#call = null;
    call?.complete(trailers);
  }

  #onRead(buffer: Buffer, count: number): void {
    if (this.#gone) return;
    this.#reads += 1;
    // Unrequested input must not be taken for the reply to the next request.
    if (this.#parser.idle) {
      this.close();
      return;
    }
    this.tick = this.#owner.tick;
    const bytes = count === buffer.length ? buffer : buffer.subarray(0, count);
    let read: number;
    try {
      read = this.#parser.read(bytes);
    } catch (thrown) {
      this.#end(asMeshError(thrown));
      return;
    }
    if (!this.#parser.idle || this.#gone) return;
    // A reply before the whole request: the rest of the request would be read as the next one.
    if (read < count || !this.#persistent || this.#writeFailed || this.#upload?.unfinished) {
      this.close();
      return;
    }
    this.#upload = null;
    this.resume();
    this.#owner.onFree(this, this.#keepAliveMs);
  }

  #onEnd(): void {
    if (this.#gone) return;
    if (!this.#parser.ended() && this.#call !== null) {
      this.#end(reset());
      return;
    }
    this.close();
  }

  /** Every connection ends here. @param error for the current call, or for the calls that wait for a connection */
  #end(error: MeshError | null): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#connecting);
    this.#parser.stop();
    this.#socket.destroy();
    this.#upload?.cancel();
    this.#upload = null;
    const call = this.#call;
    this.#call = null;
    call?.fail(error ?? reset());
    this.#owner.onGone(this, this.#connected ? null : error);
  }
}

function reset(): MeshError {
  return new MeshError('upstream_reset', 'The service closed the connection before it replied.', {
    delivery: 'maybe_sent',
    cause: { code: 'CLOSED_BY_UPSTREAM' },
  });
}
