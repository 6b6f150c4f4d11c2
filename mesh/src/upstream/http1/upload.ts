import type { Socket } from 'node:net';
import type { BodySink, BodySource } from '../../body.ts';
import { MeshError } from '../../errors.ts';

/** The parts of a request that an upload needs. */
interface Sent {
  body: BodySource;
  expectsContinue: boolean;
}
/** A chunk up to this size is copied between its lines. */
const joinedBytesMax = 1024;

/** Sends a request that has a body: the head, then the body at the pace of the slower side. */
export class Upload implements BodySink {
  readonly #socket: Socket;
  readonly #body: BodySource;
  readonly #onFailure: (error: MeshError) => void;
  /** The bytes of the announced length that are missing; null if the body is chunked. */
  #left: number | null;
  #corked = true;
  #needsDrain = false;
  #state: 'running' | 'sent' | 'canceled' = 'running';
  /** The service has the "Expect: 100-continue" and has not replied, and the client has not begun to send. */
  #undecided: boolean;

  constructor(socket: Socket, { body, expectsContinue }: Sent, onFailure: (error: MeshError) => void) {
    this.#socket = socket;
    this.#body = body;
    this.#undecided = expectsContinue;
    this.#onFailure = onFailure;
    this.#left = body.length;
  }

  start(head: string): void {
    // A small body arrives before the next pass of the event loop, and leaves in one write with its head.
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    setImmediate(this.#uncork);
    this.#body.start(this);
  }

  get unfinished(): boolean {
    return this.#state === 'running';
  }

  /** The client has not sent the next piece. */
  get waitsForSource(): boolean {
    return this.#state === 'running' && !this.#needsDrain && !this.#undecided;
  }

  /** The service wants the body. */
  continued(): void {
    this.#undecided = false;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#state !== 'running' || bytes.byteLength === 0) return;
    this.#undecided = false;
    const socket = this.#socket;
    let writable: boolean;
    if (this.#left === null && bytes.byteLength <= joinedBytesMax) {
      // One write instead of three, each of which would be queued as an object of its own.
      const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      writable = socket.write(`${bytes.byteLength.toString(16)}\r\n${content}\r\n`, 'latin1');
    } else if (this.#left === null) {
      socket.cork();
      socket.write(`${bytes.byteLength.toString(16)}\r\n`, 'latin1');
      socket.write(bytes);
      writable = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else {
      this.#left -= bytes.byteLength;
      if (this.#left < 0) {
        this.#fail(wrongLength());
        return;
      }
      writable = socket.write(bytes);
    }
    if (writable || this.#needsDrain) return;
    this.#needsDrain = true;
    this.#body.pause();
  }

  end(): void {
    if (this.#state !== 'running') return;
    if (this.#left !== null && this.#left > 0) {
      this.#fail(wrongLength());
      return;
    }
    if (this.#left === null) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#state = 'sent';
    this.#uncork();
  }

  fail(error: MeshError): void {
    if (this.#state === 'running') this.#fail(error);
  }

  /** The upstream accepts more data. */
  drained(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    if (this.#state === 'running') this.#body.resume();
  }

  /** The rest is not wanted. */
  cancel(): void {
    if (this.#state !== 'running') return;
    this.#state = 'canceled';
    this.#body.cancel();
  }

  #fail(error: MeshError): void {
    this.cancel();
    this.#onFailure(error);
  }

  readonly #uncork = (): void => {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };
}

function wrongLength(): MeshError {
  return new MeshError('bad_request', 'The request body is not as long as its Content-Length says.', {
    delivery: 'maybe_sent',
  });
}
