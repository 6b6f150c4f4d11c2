import type { Socket } from 'node:net';
import type { MeshError } from '../errors.ts';
import type { Headers } from '../headers.ts';
import type { Framing } from '../http1/message-parser.ts';
import type { ClientSink, InterimSink, Reply } from '../reply.ts';
import { type Asked, interimHead, replyHead } from './reply-head.ts';

/** Bodies up to this size are copied behind their head, so that both leave in one write. */
const joinedBytesMax = 16 * 1024;

/** The connection that a reply is sent on. */
export interface ReplyOwner {
  readonly socket: Socket;
  /** The field lines that say how long the connection stays open. */
  readonly keepAliveLines: string;
  /** Called after each write. */
  onWrite(): void;
  /** The last byte has been handed to the system. @param close the connection must close now */
  onReplied(close: boolean): void;
}

/** Writes one reply to one client: the head, then the content as it arrives, with its framing. */
export class ReplyWriter implements ClientSink, InterimSink {
  readonly #owner: ReplyOwner;
  readonly #asked: Asked;
  /** A head that waits for the first content. */
  #head = '';
  #headSent = false;
  #continued = false;
  #framing: Framing = 'none';
  /** The bytes of the announced length that are missing. */
  #left = 0;
  #close = false;
  #ended = false;
  #onWritable: (() => void) | null = null;

  constructor(owner: ReplyOwner, asked: Asked) {
    this.#owner = owner;
    this.#asked = asked;
  }

  /** No part of the reply has been sent. */
  get unsent(): boolean {
    return !this.#headSent;
  }

  /** Whether an interim response can be sent before the reply. HTTP/1.0 has none. */
  get interimPossible(): boolean {
    return !this.#headSent && this.#asked.http11;
  }

  /** The client has been told to send its body. */
  get continued(): boolean {
    return this.#continued;
  }

  /** Sends an interim reply, whose fields have been checked. 100 is sent once, and only to a client that expects it. */
  interim(status: number, headers: Headers): void {
    if (!this.interimPossible || this.#owner.socket.destroyed) return;
    if (status === 100) {
      if (this.#continued || this.#asked.expects !== '100-continue') return;
      this.#continued = true;
    }
    this.#owner.socket.write(interimHead(status, headers), 'latin1');
  }

  /**
   * Sends `reply`. `close` tells the client to use another connection for its next request.
   *
   * @throws Error if the reply cannot be sent; no byte has been sent then
   */
  send(reply: Reply, close: boolean): void {
    const head = replyHead(reply.status, reply.headers, this.#asked, close, this.#owner.keepAliveLines);
    this.#head = head.text;
    this.#framing = head.framing;
    this.#left = head.length;
    this.#close = head.close;
    this.#headSent = true;
    reply.body.pipeTo(this);
    // A head without content yet (server-sent events, a slow upstream) must not wait for the first chunk.
    if (this.#head !== '' && !this.#ended) this.#writeHead();
  }

  write(bytes: Uint8Array): boolean {
    const { socket } = this.#owner;
    if (this.#ended || socket.destroyed) return false;
    if (this.#framing === 'none' || bytes.byteLength === 0) return true;
    if (!this.#counted(bytes)) return false;
    socket.cork();
    this.#writeHead();
    if (this.#framing === 'chunked') socket.write(`${bytes.byteLength.toString(16)}\r\n`, 'latin1');
    let writable = socket.write(bytes);
    if (this.#framing === 'chunked') writable = socket.write('\r\n', 'latin1');
    socket.uncork();
    this.#owner.onWrite();
    return writable;
  }

  onWritable(listener: () => void): void {
    this.#onWritable = listener;
  }

  /** For the owner: the client accepts more data. */
  drained(): void {
    this.#owner.onWrite();
    if (!this.#ended) this.#onWritable?.();
  }

  end(last: Uint8Array | null, trailers: Headers): void {
    const { socket } = this.#owner;
    if (this.#ended || socket.destroyed) return;
    const content = this.#framing === 'none' || last === null || last.byteLength === 0 ? null : last;
    if (content !== null && !this.#counted(content)) return;
    if (this.#framing === 'length' && this.#left > 0) {
      this.#break();
      return;
    }
    this.#ended = true;
    const chunked = this.#framing === 'chunked';
    const before = chunked && content !== null ? `${this.#head}${content.byteLength.toString(16)}\r\n` : this.#head;
    const after = chunked ? `${content === null ? '' : '\r\n'}0\r\n${lines(trailers)}\r\n` : '';
    this.#head = '';
    if (content === null) {
      if (before + after !== '') socket.write(before + after, 'latin1');
    } else if (content.byteLength <= joinedBytesMax) socket.write(before + latin1(content) + after, 'latin1');
    else {
      socket.cork();
      if (before !== '') socket.write(before, 'latin1');
      socket.write(content);
      if (after !== '') socket.write(after, 'latin1');
      socket.uncork();
    }
    this.#owner.onWrite();
    if (socket.writableLength === 0) this.#owner.onReplied(this.#close);
    // The callback of the last write runs when all bytes before it have been sent.
    else socket.write('', this.#onFlushed);
  }

  readonly #onFlushed = (error?: Error | null): void => {
    if (error === null || error === undefined) this.#owner.onReplied(this.#close);
  };

  fail(_error: MeshError): void {
    if (!this.#ended) this.#break();
  }

  #writeHead(): void {
    if (this.#head === '') return;
    this.#owner.socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  /** Whether `bytes` fit in the announced length. Bytes beyond it would be read as the next reply. */
  #counted(bytes: Uint8Array): boolean {
    if (this.#framing !== 'length') return true;
    this.#left -= bytes.byteLength;
    if (this.#left >= 0) return true;
    this.#break();
    return false;
  }

  /** Where the end of the connection marks the end of the content, a reset tells the client that a part is missing. */
  #break(): void {
    this.#ended = true;
    const { socket } = this.#owner;
    if (this.#framing === 'close') socket.resetAndDestroy();
    else socket.destroy();
  }
}

function lines(trailers: Headers): string {
  let text = '';
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return text;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
