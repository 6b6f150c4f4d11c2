import type { Socket } from 'node:net';
import { asMeshError, type FailureCode, failures, type MeshError } from '../errors.ts';
import { type MessageListener, MessageParser } from '../http1/message-parser.ts';
import { ClientTimeouts } from './client-timeouts.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import { askHalfClosed } from './half-closed.ts';
import { Linger } from './linger.ts';
import { ReadMemory } from './read-memory.ts';
import { refusalOf, refusalText } from './refusal.ts';
import type { ReplyOwner } from './reply-writer.ts';
import type { BodyCarrier } from './request-body.ts';
import { type RequestHead, requests } from './request-head.ts';
import { readInto } from './socket-reader.ts';
import { abandon, abortForSlowBody, refuse, sendReply, type Transaction, transactionOf } from './transaction.ts';
import { type TakenSocket, upgradeSockets } from './upgrade-sockets.ts';

/** A client that has sent this much behind its current request is not read until its next request begins. */
const aheadBytesMax = 64 * 1024;

/**
 * One client's connection. It reads and handles one request at a time (RFC 9112 section 9.3.2), so that no finished
 * reply waits in memory. Bytes of pipelined requests are kept, and parsed once the current request has its reply.
 */
export class ClientConnection implements BodyCarrier, ReplyOwner, MessageListener<RequestHead> {
  readonly socket: Socket;
  readonly #owner: ConnectionOwner<ClientConnection>;
  readonly #parser: MessageParser<RequestHead>;
  readonly #address: string;
  readonly #timeouts: ClientTimeouts;
  readonly #memory = new ReadMemory();
  readonly #linger = new Linger();
  #current: Transaction | null = null;
  /** Bytes behind the current request. */
  #ahead: Buffer | null = null;
  #paused = false;
  #state: 'open' | 'lingering' | 'tunnel' | 'closed' = 'open';
  /** The client has closed its side. */
  #halfClosed = false;
  /** Input is discarded. */
  #deaf = false;

  constructor(owner: ConnectionOwner<ClientConnection>, accepted: Socket, address: string) {
    this.#owner = owner;
    this.#address = address;
    this.#timeouts = new ClientTimeouts(owner);
    this.#parser = new MessageParser(requests, this, owner.headBytesMax);
    this.#parser.expect('');
    const socket = readInto(
      accepted,
      () => this.#memory.buffer,
      (bytes, count) => this.#onRead(bytes, count),
    );
    this.socket = socket;
    socket.on('drain', () => this.#current?.reply.drained());
    socket.on('end', () => this.#onHalfClosed());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClosed());
    // A socket reports the end of its input only while it is read.
    socket.resume();
  }

  get keepAliveLines(): string {
    return this.#owner.keepAliveLines;
  }

  /** No request is being read or handled. */
  get unused(): boolean {
    return this.#current === null && this.#state === 'open' && !this.#parser.inHead;
  }

  cut(): void {
    this.socket.destroy();
  }

  pause(): void {
    if (this.#paused || this.#state !== 'open') return;
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#timeouts.onActivity();
    this.socket.resume();
  }

  onWrite(): void {
    this.#timeouts.onActivity();
  }

  /** Acts on the timeouts. Called at each tick. */
  check(): void {
    if (this.#state !== 'open') return;
    const current = this.#current;
    const verdict = current === null ? this.#timeouts.checkUnused() : this.#timeouts.check(current, this.socket);
    if (verdict === 'in time') return;
    if (verdict === 'body overdue' && current !== null) {
      abortForSlowBody(current);
    } else if (verdict === 'head overdue' && this.#parser.inHead) {
      this.#refuse('client_stalled', 'The request head did not come in time.', this.#methodBegun());
    } else {
      // A client that sent no bytes gets no reply: browsers open connections that they may never use.
      this.cut();
    }
  }

  #onRead(buffer: Buffer, count: number): boolean {
    this.#timeouts.onActivity();
    const bytes = count === buffer.length ? buffer : buffer.subarray(0, count);
    // The tunnel reads the socket as an ordinary stream.
    if (this.#state === 'tunnel') return this.socket.push(this.#memory.give(bytes) ? bytes : Buffer.from(bytes));
    if (this.#deaf) {
      if (!this.#linger.discard(count)) this.cut();
    } else if (this.#ahead !== null || (this.#current !== null && this.#parser.idle)) this.#keepAhead(bytes);
    else this.#read(bytes);
    this.#memory.onRead(buffer, count);
    return !this.#paused;
  }

  #read(bytes: Buffer): void {
    let read: number;
    try {
      read = this.#parser.read(bytes);
    } catch (thrown) {
      this.#onMalformed(asMeshError(thrown), bytes);
      return;
    }
    if (read < bytes.length && this.#state === 'open') this.#keepAhead(bytes.subarray(read));
    else if (this.#parser.inHead) this.#timeouts.onHeadBegun();
  }

  #keepAhead(bytes: Buffer): void {
    this.#ahead = this.#ahead === null ? Buffer.from(bytes) : Buffer.concat([this.#ahead, bytes]);
    if (this.#ahead.byteLength >= aheadBytesMax) this.pause();
  }

  onHead(head: RequestHead): void {
    this.#timeouts.onHeadEnded();
    const refusal = refusalOf(head);
    if (refusal !== null) {
      this.#refuse(refusal.code, refusal.detail, head.method, refusal.status);
      return;
    }
    // The end of a refused message is not known.
    if (head.refused !== null) {
      this.#parser.stop();
      this.#deaf = true;
    }
    const transaction = transactionOf(head, this.#owner.newFacts(this.#address), this, this.#owner.clock);
    const { upgrade } = transaction.exchange;
    if (upgrade !== null) upgradeSockets.set(upgrade, { take: () => this.#take(transaction) });
    this.#current = transaction;
    this.#owner.onBegun();
    void this.#handle(transaction);
  }

  onInterim(): void {}

  onData(bytes: Buffer): void {
    this.#current?.body?.onData(bytes, this.#memory.give(bytes));
  }

  onEnd(): void {
    const current = this.#current;
    if (current === null) return;
    current.body?.onEnd();
    // A socket that was paused for the body does not report that the client leaves.
    if (current.replied) this.#next();
    else this.resume();
  }

  async #handle(transaction: Transaction): Promise<void> {
    try {
      const reply = await this.#owner.handler()(transaction.exchange);
      if (reply.tunneled) return;
      if (this.#current !== transaction || this.#state !== 'open') reply.body.discard();
      else sendReply(transaction, reply, this.#owner.draining);
    } catch {
      // The layer `rescue` turns failures into replies. An error here is a defect of the mesh.
      this.cut();
    }
  }

  onReplied(close: boolean): void {
    const current = this.#current;
    if (current === null) return;
    current.replied = true;
    this.#owner.onEnded();
    current.body?.cancel();
    if (close) this.#endAfterReply();
    else if (this.#parser.idle) this.#next();
  }

  #next(): void {
    this.#current = null;
    this.#timeouts.onHeadEnded();
    this.#memory.shrink();
    this.#parser.expect('');
    // Later, because the reply before is still being written.
    if (this.#ahead !== null) setImmediate(this.#readAhead);
    else if (this.#halfClosed) this.socket.end();
    else this.resume();
  }

  readonly #readAhead = (): void => {
    const ahead = this.#ahead;
    if (this.#state !== 'open' || ahead === null) return;
    this.#ahead = null;
    this.resume();
    this.#read(ahead);
    if (this.#halfClosed && this.#current === null) this.#onHalfClosed();
  };

  /** The client has sent something that is not HTTP. */
  #onMalformed(error: MeshError, bytes: Buffer): void {
    const current = this.#current;
    if (current === null) {
      this.#refuse(error.code, error.detail, this.#methodBegun(bytes));
      return;
    }
    this.#parser.stop();
    this.#deaf = true;
    if (current.replied) this.#endAfterReply();
    // The reply to the current request becomes a refusal.
    else refuse(current, error);
  }

  /** HEAD if the current head begins with that; otherwise empty. @param bytes the last bytes read */
  #methodBegun(bytes?: Buffer): string {
    return this.#parser.headBegins('HEAD ', bytes) ? 'HEAD' : '';
  }

  /** Replies to input that is not a request, and parses no further requests. */
  #refuse(code: FailureCode, detail: string, method: string, status = failures[code].status): void {
    this.#owner.onRefused(code);
    this.socket.write(refusalText(status, detail, method), 'latin1');
    this.#endAfterReply();
  }

  /** Closes the sending side, and discards input for a while. */
  #endAfterReply(): void {
    if (this.#state !== 'open') return;
    this.resume();
    this.#state = 'lingering';
    this.#deaf = true;
    this.#ahead = null;
    this.#parser.stop();
    this.#linger.start(this.#owner.clock, () => this.cut());
    this.socket.end();
  }

  #take(transaction: Transaction): TakenSocket | null {
    if (this.#state !== 'open' || this.#current !== transaction) return null;
    this.#state = 'tunnel';
    this.#parser.stop();
    this.socket.pause();
    const head = this.#ahead ?? Buffer.alloc(0);
    this.#ahead = null;
    return { socket: this.socket, head };
  }

  #onHalfClosed(): void {
    if (this.#state !== 'open') return;
    this.#halfClosed = true;
    const current = this.#current;
    if (current === null) {
      if (this.#parser.inHead) {
        this.#refuse('bad_request', 'The connection was closed within a request.', this.#methodBegun());
      } else if (this.#ahead === null) this.socket.end();
      return;
    }
    // A client that half-closes within a body or a tunnel has almost always gone.
    if (this.#parser.inBody || current.exchange.upgrade !== null) this.cut();
    else
      askHalfClosed(
        this.socket,
        () => (this.#current?.replied === false ? this.#current.reply : null),
        this.#owner.clock,
      );
  }

  #onClosed(): void {
    this.#state = 'closed';
    this.#parser.stop();
    this.#linger.stop();
    this.#ahead = null;
    const current = this.#current;
    this.#current = null;
    if (current !== null) {
      if (!current.replied) this.#owner.onEnded();
      abandon(current);
    }
    this.#owner.onClosed(this);
  }
}
