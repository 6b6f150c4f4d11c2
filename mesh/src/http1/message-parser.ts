import type { Headers } from '../headers.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import type { FaultOf } from './fault.ts';
import type { FieldReader } from './fields.ts';

/** How the end of a message is found (RFC 9112 section 6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** The facts about a head that the parser needs. */
export interface MessageHead {
  readonly framing: Framing;
  /** Content-Length; null if there is none. */
  readonly length: number | null;
}

/** The differences between requests and replies. */
export interface Dialect<Head extends MessageHead> {
  readonly fault: FaultOf;
  readonly readFields: FieldReader;
  /** Whether empty lines before a head are skipped (RFC 9112 section 2.2). */
  readonly emptyLines: boolean;
  /** Throws if no head can begin with `text`, so that a client of another protocol is refused at once. */
  checkBeginning(text: string): void;
  /**
   * `text` is the start line and the field lines; every line ends in CRLF. `method` is the method of the request that a
   * reply belongs to.
   *
   * @throws MeshError
   */
  readHead(text: string, method: string): Head;
  /** Whether this head is interim and another one follows (RFC 9110 section 15.2). */
  isInterim(head: Head): boolean;
}

/** Receives the parts of a message, in order. Each method may call `stop` on the parser. */
export interface MessageListener<Head> {
  /** The final head. */
  onHead(head: Head): void;
  /** An interim head. */
  onInterim(head: Head): void;
  /** Content. The caller reuses the bytes when this returns. */
  onData(bytes: Buffer): void;
  onEnd(trailers: Headers): void;
}

type State = 'idle' | 'empty line' | 'head' | 'length' | 'chunked' | 'close' | 'trailers' | 'stopped';

const cr = 0x0d;
const lf = 0x0a;
const headEnd = Buffer.from('\r\n\r\n');
const noTrailers: Headers = [];
const framingFields: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/**
 * Parses the messages of one connection, one after the other, from bytes cut anywhere. It reads to the end of a message
 * and leaves the rest to the caller.
 */
export class MessageParser<Head extends MessageHead> {
  readonly #dialect: Dialect<Head>;
  readonly #listener: MessageListener<Head>;
  readonly #headBytesMax: number;
  #state: State = 'idle';
  #method = '';
  /** The received part of a head, or of the trailers. */
  #pending = '';
  /**
   * The number of bytes that the heads of this message may still have. Interim heads and empty lines count too, so that
   * they end.
   */
  #headBytesLeft = 0;
  #left = 0;
  /** Where, in the bytes read last, the head begins or continues. */
  #headAt = 0;
  #chunks: ChunkedDecoder | null = null;

  constructor(dialect: Dialect<Head>, listener: MessageListener<Head>, headBytesMax: number) {
    this.#dialect = dialect;
    this.#listener = listener;
    this.#headBytesMax = headBytesMax;
  }

  /** No message is expected: none was requested, or the last one has ended. */
  get idle(): boolean {
    return this.#state === 'idle';
  }

  /** A part of a head has arrived. */
  get inHead(): boolean {
    return this.#state === 'head' && this.#pending !== '';
  }

  /** The head has been read, and the message has not ended. */
  get inBody(): boolean {
    return (
      this.#state === 'length' || this.#state === 'chunked' || this.#state === 'close' || this.#state === 'trailers'
    );
  }

  /** Whether the current head begins with `word`. @param bytes the bytes read last, if `read` threw */
  headBegins(word: string, bytes?: Buffer): boolean {
    if (this.#pending.length >= word.length || bytes === undefined) return this.#pending.startsWith(word);
    return (this.#pending + bytes.toString('latin1', this.#headAt, this.#headAt + word.length)).startsWith(word);
  }

  /** Expects one message. `method` is the method of the request, if the message is a reply. */
  expect(method: string): void {
    this.#state = 'head';
    this.#method = method;
    this.#pending = '';
    this.#headBytesLeft = this.#headBytesMax;
  }

  /** Stops reading permanently. */
  stop(): void {
    this.#state = 'stopped';
  }

  /**
   * @returns how many bytes were read: fewer than given if the message ends within them
   * @throws MeshError as the dialect makes it
   */
  read(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
          this.#headAt = at;
          at = this.#readHead(bytes, at);
          break;
        case 'length': {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          this.#listener.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
          at = end;
          if (this.#left === 0) this.#end(noTrailers);
          break;
        }
        case 'chunked':
          at = this.#readChunks(bytes, at);
          break;
        case 'empty line':
          if (bytes[at] !== lf) throw this.#dialect.fault('BAD_LINE_END');
          this.#state = 'head';
          at += 1;
          break;
        case 'trailers':
          at = this.#readTrailers(bytes, at);
          break;
        case 'close':
          this.#listener.onData(bytes.subarray(at));
          return bytes.length;
        default:
          return at;
      }
    }
    return at;
  }

  /** The connection has ended. @returns whether this ends the message as well */
  ended(): boolean {
    if (this.#state !== 'close') return false;
    this.#end(noTrailers);
    return true;
  }

  #readHead(bytes: Buffer, start: number): number {
    if (this.#pending === '') {
      if (bytes[start] === cr && this.#dialect.emptyLines) return this.#skipEmptyLine(start);
      const end = bytes.indexOf(headEnd, start);
      if (end >= 0) {
        this.#head(bytes.toString('latin1', start, end + 2));
        return end + 4;
      }
    }
    const before = this.#pending.length;
    const text = this.#pending + bytes.toString('latin1', start);
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end >= 0) {
      this.#head(text.slice(0, end + 2));
      this.#pending = '';
      return start + end + 4 - before;
    }
    if (text.length > this.#headBytesLeft) throw this.#dialect.fault('HEAD_TOO_LARGE');
    this.#dialect.checkBeginning(text);
    this.#refuseBareLf(text);
    this.#pending = text;
    return bytes.length;
  }

  #skipEmptyLine(start: number): number {
    this.#headBytesLeft -= 2;
    if (this.#headBytesLeft < 0) throw this.#dialect.fault('HEAD_TOO_LARGE');
    this.#state = 'empty line';
    return start + 1;
  }

  #head(text: string): void {
    this.#headBytesLeft -= text.length + 2;
    if (this.#headBytesLeft < 0) throw this.#dialect.fault('HEAD_TOO_LARGE');
    const head = this.#dialect.readHead(text, this.#method);
    if (this.#dialect.isInterim(head)) {
      this.#listener.onInterim(head);
      return;
    }
    const { framing, length } = head;
    if (framing === 'length') this.#left = length ?? 0;
    if (framing === 'chunked') this.#chunks = new ChunkedDecoder(this.#headBytesMax, this.#dialect.fault);
    if (framing !== 'none') this.#state = framing;
    this.#listener.onHead(head);
    if (framing === 'none') this.#end(noTrailers);
  }

  readonly #onChunk = (bytes: Buffer): boolean => {
    this.#listener.onData(bytes);
    return this.#state === 'chunked';
  };

  #readChunks(bytes: Buffer, start: number): number {
    const chunks = this.#chunks as ChunkedDecoder;
    const at = chunks.read(bytes, start, this.#onChunk);
    if (chunks.done && this.#state === 'chunked') {
      this.#chunks = null;
      this.#state = 'trailers';
      this.#pending = '';
    }
    return at;
  }

  #readTrailers(bytes: Buffer, start: number): number {
    const { fault, readFields } = this.#dialect;
    const before = this.#pending.length;
    const text = this.#pending + bytes.toString('latin1', start);
    if (text.startsWith('\r\n')) {
      this.#end(noTrailers);
      return start + 2 - before;
    }
    const end = text.indexOf('\r\n\r\n');
    if ((end < 0 ? text.length : end) > this.#headBytesMax) throw fault('HEAD_TOO_LARGE');
    if (end < 0) {
      this.#refuseBareLf(text);
      this.#pending = text;
      return bytes.length;
    }
    const trailers = readFields(text.slice(0, end + 2), 0);
    // The head alone determines where a message ends, not the trailers.
    for (let i = 0; i < trailers.length; i += 2) {
      if (framingFields.has(trailers[i] as string)) throw fault('AMBIGUOUS_LENGTH');
    }
    this.#end(trailers);
    return start + end + 4 - before;
  }

  #end(trailers: Headers): void {
    if (this.#state === 'stopped') return;
    this.#state = 'idle';
    this.#pending = '';
    this.#listener.onEnd(trailers);
  }

  /** Refuses input with bare LF line ends at once. Otherwise the parser would wait for a CRLF. */
  #refuseBareLf(text: string): void {
    if (/(?:^|[^\r])\n/.test(text)) throw this.#dialect.fault('BAD_LINE_END');
  }
}
