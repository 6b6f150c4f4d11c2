import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { asMeshError, type FailureCode, failures, MeshError } from '../errors.ts';
import type { Facts } from '../exchange.ts';
import { type MessageListener, MessageParser } from '../http1/message-parser.ts';
import type { Handler } from '../layer.ts';
import type { Reply } from '../reply.ts';
import { askHalfClosed } from './half-closed.ts';
import { refusalText } from './refusal.ts';
import type { ReplyOwner } from './reply-writer.ts';
import type { BodyCarrier } from './request-body.ts';
import { type RequestHead, requests } from './request-head.ts';
import { readInto, writeQueueBytes } from './socket-reader.ts';
import { awaitsContinue, type Turn, turnOf } from './turn.ts';
import { type TakenSocket, upgradeSockets } from './upgrade-sockets.ts';

/** Read at a time: as much as a head takes, until more has come. Ten thousand clients that say little hold 80 MB, not 640. */
const readBytesMin = 8 * 1024;
const readBytesMax = 64 * 1024;
/** A piece of this size is handed on with its memory; smaller ones are copied, and the memory is read into again. */
const givenBytesMin = 16 * 1024;
/** What a client may send ahead of the answers to what it has sent before; then it waits. */
const aheadBytesMax = 64 * 1024;
/** How long the connection of a client that still sends is read after its last answer, and how much of it. */
const lingerMs = 2000;
const lingerBytesMax = 4 * 1024 * 1024;

/** Whoever keeps the connections of one port. Ticks count time: a look at the clock for every piece would cost more. */
export interface ConnectionOwner {
  readonly tick: number;
  readonly ticks: { head: number; idle: number; keepAlive: number };
  readonly headBytesMax: number;
  readonly keepAliveLines: string;
  readonly clock: Clock;
  /** No further request is wanted on a connection that has been answered. */
  readonly draining: boolean;
  newFacts(peerAddress: string): Facts;
  handler(): Handler;
  onBegun(): void;
  onEnded(): void;
  onRefused(code: FailureCode): void;
  onClosed(connection: ClientConnection): void;
}

/**
 * One client's connection: its requests are read, handled and answered one after the other (RFC 9112 section 9.3.2), so
 * that no answer waits in memory for its turn. What comes ahead of its turn is kept, and not read as a request yet.
 */
export class ClientConnection implements BodyCarrier, ReplyOwner, MessageListener<RequestHead> {
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #parser: MessageParser<RequestHead>;
  readonly #address: string;
  #buffer = Buffer.allocUnsafeSlow(readBytesMin);
  #turn: Turn | null = null;
  /** Bytes behind the request whose turn it is. */
  #ahead: Buffer | null = null;
  #paused = false;
  #state: 'open' | 'lingering' | 'tunnel' | 'closed' = 'open';
  /** The client has closed its side. */
  #halfClosed = false;
  /** What comes is read away. */
  #deaf = false;
  #lingerBytesLeft = lingerBytesMax;
  #cancelLinger: () => void = () => {};
  /** Of the last sign of life. */
  #tick: number;
  /** Of the first byte of the head that is coming; -1 while none is. */
  #headTick: number;
  #stalled = false;
  #writeQueueBytes = 0;

  constructor(owner: ConnectionOwner, accepted: Socket, address: string) {
    this.#owner = owner;
    this.#address = address;
    this.#tick = owner.tick;
    this.#headTick = owner.tick;
    this.#parser = new MessageParser(requests, this, owner.headBytesMax);
    this.#parser.expect('');
    const socket = readInto(
      accepted,
      () => this.#buffer,
      (bytes, count) => this.#onRead(bytes, count),
    );
    this.socket = socket;
    socket.on('drain', () => this.#turn?.reply.drained());
    socket.on('end', () => this.#onHalfClosed());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClosed());
    // Without a reader it would never hear of the end.
    socket.resume();
  }

  get keepAliveLines(): string {
    return this.#owner.keepAliveLines;
  }

  /** No request is being handled, nor read. */
  get unused(): boolean {
    return this.#turn === null && this.#state === 'open' && !this.#parser.inHead;
  }

  /** Cuts it. */
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
    this.#tick = this.#owner.tick;
    this.socket.resume();
  }

  onWrite(): void {
    this.#tick = this.#owner.tick;
  }

  /** Looks whether the client has kept it waiting for too long. Called at each tick. */
  check(): void {
    const { tick, ticks } = this.#owner;
    if (this.#state !== 'open') return;
    if (this.#turn !== null) {
      this.#checkTurn(this.#turn);
      return;
    }
    if (this.#headTick >= 0) {
      if (tick - this.#headTick <= ticks.head) return;
      // Who has not said a word is told none: browsers open connections in case they need them.
      if (this.#parser.inHead) {
        this.#refuse('client_stalled', 'The request head did not come in time.', this.#methodBegun());
      } else this.cut();
    } else if (tick - this.#tick > ticks.keepAlive) this.cut();
  }

  #checkTurn(turn: Turn): void {
    const { tick, ticks } = this.#owner;
    const { body, reply, exchange } = turn;
    const queued = writeQueueBytes(this.socket);
    const takes = queued > 0 && queued !== this.#writeQueueBytes;
    this.#writeQueueBytes = queued;
    const waitsForClient = this.socket.writableLength > 0 || (!awaitsContinue(turn) && (body?.waitsForClient ?? false));
    if (takes || !waitsForClient) this.#tick = tick;
    if (tick - this.#tick <= ticks.idle) return;
    if (this.#stalled || !reply.unsent) {
      this.cut();
      return;
    }
    this.#stalled = true;
    this.#tick = tick;
    turn.last = true;
    exchange.abort(
      new MeshError('client_stalled', 'The request body did not come in time.', { delivery: 'maybe_sent' }),
    );
  }

  #onRead(buffer: Buffer, count: number): boolean {
    this.#tick = this.#owner.tick;
    const bytes = count === buffer.length ? buffer : buffer.subarray(0, count);
    // It has become an ordinary stream.
    if (this.#state === 'tunnel') return this.socket.push(this.#given(bytes) ? bytes : Buffer.from(bytes));
    if (this.#deaf) {
      this.#lingerBytesLeft -= count;
      if (this.#lingerBytesLeft < 0) this.cut();
    } else if (this.#ahead !== null || (this.#turn !== null && this.#parser.idle)) this.#keepAhead(bytes);
    else this.#read(bytes);
    if (count === readBytesMin && this.#buffer === buffer) this.#buffer = Buffer.allocUnsafeSlow(readBytesMax);
    return !this.#paused;
  }

  /** Whether the memory of `bytes` goes to whoever takes them. */
  #given(bytes: Buffer): boolean {
    if (bytes.byteLength < givenBytesMin || bytes.buffer !== this.#buffer.buffer) return false;
    this.#buffer = Buffer.allocUnsafeSlow(readBytesMax);
    return true;
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
    else if (this.#headTick < 0 && this.#parser.inHead) this.#headTick = this.#owner.tick;
  }

  #keepAhead(bytes: Buffer): void {
    this.#ahead = this.#ahead === null ? Buffer.from(bytes) : Buffer.concat([this.#ahead, bytes]);
    if (this.#ahead.byteLength >= aheadBytesMax) this.pause();
  }

  onHead(head: RequestHead): void {
    this.#headTick = -1;
    this.#stalled = false;
    const { refused } = head;
    if (head.expects === 'other' && refused === null) {
      this.#refuse('bad_request', 'Only 100-continue can be expected here.', head.method, 417);
      return;
    }
    if (head.method === 'CONNECT') {
      this.#refuse('not_implemented', 'CONNECT is not served here.', head.method);
      return;
    }
    // Where a refused message ends is what is not certain.
    if (refused !== null) {
      this.#parser.stop();
      this.#deaf = true;
    }
    const facts = this.#owner.newFacts(this.#address);
    const turn = turnOf(head, facts, this, this.#owner.clock);
    const { upgrade } = turn.exchange;
    if (upgrade !== null) upgradeSockets.set(upgrade, { take: () => this.#take(turn) });
    this.#turn = turn;
    this.#owner.onBegun();
    void this.#answer(turn);
  }

  onInterim(): void {}

  onData(bytes: Buffer): void {
    this.#turn?.body?.onData(bytes, this.#given(bytes));
  }

  onEnd(): void {
    const turn = this.#turn;
    if (turn === null) return;
    turn.body?.onEnd();
    // Stopped for a body, it would not hear that its client goes.
    if (turn.replied) this.#next();
    else this.resume();
  }

  async #answer(turn: Turn): Promise<void> {
    try {
      const reply = await this.#owner.handler()(turn.exchange);
      if (reply.tunnelled) return;
      if (this.#turn !== turn || this.#state !== 'open') reply.body.discard();
      else this.#send(turn, reply);
    } catch {
      // The layer `rescue` answers failures; what gets here is a defect of ours, and the client must not wait for it.
      this.cut();
    }
  }

  #send(turn: Turn, reply: Reply): void {
    const { body, reply: writer, last } = turn;
    // A client still waiting for "100 Continue" may or may not send its body now: only a new connection is unambiguous.
    const unwanted = awaitsContinue(turn) || (body?.tooLongToReadAway ?? false);
    writer.send(reply, last || unwanted || this.#owner.draining);
  }

  onReplied(close: boolean): void {
    const turn = this.#turn;
    if (turn === null) return;
    turn.replied = true;
    this.#owner.onEnded();
    turn.body?.cancel();
    if (close) this.#linger();
    else if (this.#parser.idle) this.#next();
  }

  #next(): void {
    this.#turn = null;
    this.#headTick = -1;
    if (this.#buffer.byteLength > readBytesMin) this.#buffer = Buffer.allocUnsafeSlow(readBytesMin);
    this.#parser.expect('');
    // Not within the writing of the answer before.
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
    if (this.#halfClosed && this.#turn === null) this.#onHalfClosed();
  };

  /** `error`: what the client has sent is no HTTP. */
  #onMalformed(error: MeshError, bytes: Buffer): void {
    const turn = this.#turn;
    if (turn === null) {
      this.#refuse(error.code, error.detail, this.#methodBegun(bytes));
      return;
    }
    this.#parser.stop();
    this.#deaf = true;
    if (turn.replied) {
      this.#linger();
      return;
    }
    // It is that request that is refused, by the answer that it is still to get.
    turn.last = true;
    turn.exchange.abort(error);
    turn.body?.fail(error);
  }

  /** Of the head that has begun to come, as far as a refusal depends on it. @param bytes those that were read last */
  #methodBegun(bytes?: Buffer): string {
    return this.#parser.headBegins('HEAD ', bytes) ? 'HEAD' : '';
  }

  /** Answers what no request could be made of, and reads no more as requests. */
  #refuse(code: FailureCode, detail: string, method: string, status = failures[code].status): void {
    this.#owner.onRefused(code);
    this.socket.write(refusalText(status, detail, method), 'latin1');
    this.#linger();
  }

  /**
   * Closes the sending side and reads what still comes away, for a while. A connection that is closed with unread bytes on
   * it is reset, and a reset may take the answer away that the client has not read yet (RFC 9112 section 9.6).
   */
  #linger(): void {
    if (this.#state !== 'open') return;
    this.resume();
    this.#state = 'lingering';
    this.#deaf = true;
    this.#ahead = null;
    this.#parser.stop();
    this.#cancelLinger = this.#owner.clock.after(lingerMs, () => this.cut());
    this.socket.end();
  }

  #take(turn: Turn): TakenSocket | null {
    if (this.#state !== 'open' || this.#turn !== turn) return null;
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
    const turn = this.#turn;
    if (turn === null) {
      if (this.#parser.inHead) {
        this.#refuse('bad_request', 'The connection was closed within a request.', this.#methodBegun());
      } else if (this.#ahead === null) this.socket.end();
      return;
    }
    // Half a body, or another protocol: who says that has mostly gone, and is told so by the end of the connection.
    if (this.#parser.inBody || turn.exchange.upgrade !== null) this.cut();
    else askHalfClosed(this.socket, () => (this.#turn?.replied === false ? this.#turn.reply : null), this.#owner.clock);
  }

  #onClosed(): void {
    this.#state = 'closed';
    this.#parser.stop();
    this.#cancelLinger();
    this.#ahead = null;
    const turn = this.#turn;
    this.#turn = null;
    if (turn !== null) {
      turn.body?.fail(gone('The client went away while it was sending its body.'));
      if (!turn.replied) {
        this.#owner.onEnded();
        turn.exchange.abort(gone('The client closed the connection.'));
      }
      turn.body?.cancel();
    }
    this.#owner.onClosed(this);
  }
}

function gone(detail: string): MeshError {
  return new MeshError('client_closed', detail, { delivery: 'maybe_sent' });
}
