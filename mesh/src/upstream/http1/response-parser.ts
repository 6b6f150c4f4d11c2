import type { Headers } from '../../headers.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { replyFault } from './fault.ts';
import { readFields } from './fields.ts';
import { type ResponseHead, readResponseHead } from './response-head.ts';

/** Takes a reply in its parts, in order. Any of its methods may call `stop` on the parser. */
export interface ReplyListener {
  /** The final head: those of 1xx are passed over. */
  onHead(head: ResponseHead): void;
  /** Content. The bytes are the caller's again when this returns. */
  onData(bytes: Buffer): void;
  onEnd(trailers: Headers): void;
}

type State = 'idle' | 'head' | 'length' | 'chunked' | 'close' | 'trailers' | 'stopped';

const headEnd = Buffer.from('\r\n\r\n');
const noTrailers: Headers = [];
const framingFields: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/**
 * Reads the replies of one connection, one after the other, from bytes cut anywhere. It reads to the end of a reply and
 * not one byte beyond: whoever feeds it sees by what is left over that the connection is not to be trusted any more.
 */
export class ResponseParser {
  readonly #listener: ReplyListener;
  readonly #headBytesMax: number;
  #state: State = 'idle';
  #method = '';
  /** The part of a head, or of the trailers, that has come. */
  #pending = '';
  /** What the heads of this reply may still have: those of 1xx count, so that they end. */
  #headBytesLeft = 0;
  #left = 0;
  #chunks: ChunkedDecoder | null = null;

  constructor(listener: ReplyListener, headBytesMax: number) {
    this.#listener = listener;
    this.#headBytesMax = headBytesMax;
  }

  /** No reply is awaited: the last one has ended, or none has been asked for. */
  get idle(): boolean {
    return this.#state === 'idle';
  }

  /** From here on, a reply to `method` is read. */
  expect(method: string): void {
    this.#state = 'head';
    this.#method = method;
    this.#pending = '';
    this.#headBytesLeft = this.#headBytesMax;
  }

  /** Reads nothing more, ever. */
  stop(): void {
    this.#state = 'stopped';
  }

  /**
   * @returns how many bytes were read: fewer than there are where the reply ends within them
   * @throws MeshError upstream_garbage
   */
  read(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
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

  /** The connection has ended. @returns whether the reply has, with it */
  ended(): boolean {
    if (this.#state !== 'close') return false;
    this.#end(noTrailers);
    return true;
  }

  #readHead(bytes: Buffer, start: number): number {
    if (this.#pending === '') {
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
      this.#pending = '';
      this.#head(text.slice(0, end + 2));
      return start + end + 4 - before;
    }
    if (text.length > this.#headBytesLeft) throw replyFault('HEAD_TOO_LARGE');
    if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw replyFault('BAD_STATUS_LINE');
    refuseBareLf(text);
    this.#pending = text;
    return bytes.length;
  }

  #head(text: string): void {
    this.#headBytesLeft -= text.length + 2;
    if (this.#headBytesLeft < 0) throw replyFault('HEAD_TOO_LARGE');
    const head = readResponseHead(text, this.#method);
    // Nobody asks for another protocol here: upgrades have connections of their own.
    if (head.status === 101) throw replyFault('UNEXPECTED_SWITCH');
    if (head.status < 200) {
      // HTTP/1.0 has none (RFC 9110 section 15.2), and behind one that closes nothing may come.
      if (!head.persistent) throw replyFault('BAD_INTERIM');
      return;
    }
    const { framing, length } = head;
    if (framing === 'length') this.#left = length ?? 0;
    if (framing === 'chunked') this.#chunks = new ChunkedDecoder(this.#headBytesMax);
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
    const before = this.#pending.length;
    const text = this.#pending + bytes.toString('latin1', start);
    if (text.startsWith('\r\n')) {
      this.#end(noTrailers);
      return start + 2 - before;
    }
    const end = text.indexOf('\r\n\r\n');
    if ((end < 0 ? text.length : end) > this.#headBytesMax) throw replyFault('HEAD_TOO_LARGE');
    if (end < 0) {
      refuseBareLf(text);
      this.#pending = text;
      return bytes.length;
    }
    const trailers = readFields(text.slice(0, end + 2), 0);
    // The end has been found by other fields than these.
    for (let i = 0; i < trailers.length; i += 2) {
      if (framingFields.has(trailers[i] as string)) throw replyFault('AMBIGUOUS_LENGTH');
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
}

/** Else whoever ends lines by LF alone would be waited for instead of refused. @throws MeshError upstream_garbage */
function refuseBareLf(text: string): void {
  if (/(?:^|[^\r])\n/.test(text)) throw replyFault('BAD_LINE_END');
}
