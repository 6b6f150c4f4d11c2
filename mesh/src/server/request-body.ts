import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySink, BodySource } from '../body.ts';
import type { Clock } from '../clock.ts';
import { MeshError } from '../errors.ts';
import type { Facts } from '../exchange.ts';

/** Unwanted content is read away up to this; then the connection is cut. */
const lingerBytesMax = 4 * 1024 * 1024;
/** And for this long. */
const lingerMs = 10_000;

/** The body of a Node request as the mesh's BodySource. */
export class RequestBody implements BodySource {
  readonly length: number | null;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #facts: Facts;
  readonly #expectsContinue: boolean;
  readonly #clock: Clock;
  #sink: BodySink | null = null;
  #started = false;
  #cancelled = false;
  /** Content that came after nobody wanted it. */
  #lingered = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    facts: Facts,
    length: number | null,
    expectsContinue: boolean,
    clock: Clock,
  ) {
    this.#request = request;
    this.#response = response;
    this.#facts = facts;
    this.length = length;
    this.#expectsContinue = expectsContinue;
    this.#clock = clock;
  }

  /** The client waits to be told to go on, and has not been. */
  get awaited(): boolean {
    return this.#expectsContinue && !this.#started;
  }

  /** More is announced than is read away: the client is better told at once that this connection ends. */
  get tooLongToReadAway(): boolean {
    return this.length !== null && this.length - this.#facts.bytesReceived > lingerBytesMax;
  }

  start(sink: BodySink): void {
    this.#started = true;
    this.#sink = sink;
    const request = this.#request;
    if (request.destroyed) {
      sink.fail(gone());
      return;
    }
    request.on('data', (chunk: Buffer) => {
      this.#facts.bytesReceived += chunk.byteLength;
      this.#sink?.chunk(chunk);
    });
    request.on('end', () => {
      const to = this.#sink;
      this.#sink = null;
      to?.end();
    });
    request.on('close', () => {
      const to = this.#sink;
      this.#sink = null;
      to?.fail(gone());
    });
    // Only now is the client told to go on: until here it could be refused without having sent anything.
    if (this.#expectsContinue) this.#continue();
  }

  #continue(): void {
    const response = this.#response;
    // Behind other answers Node would write it after the head of this one: into the body, to the client.
    const go = () => {
      if (!response.headersSent) response.writeContinue();
    };
    if (response.socket === null) response.once('socket', go);
    else go();
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#sink = null;
    const request = this.#request;
    if (request.complete || request.destroyed) return;
    // Read away, so that the client gets to read its answer before it meets a closed connection; but not without end.
    request.on('data', (chunk: Buffer) => {
      this.#lingered += chunk.byteLength;
      if (this.#lingered > lingerBytesMax) request.destroy();
    });
    request.resume();
    request.once(
      'close',
      this.#clock.after(lingerMs, () => request.destroy()),
    );
  }
}

function gone(): MeshError {
  return new MeshError('client_closed', 'The client went away while it was sending its body.', {
    delivery: 'maybe_sent',
  });
}
