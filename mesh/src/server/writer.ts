import type { ServerResponse } from 'node:http';
import type { MeshError } from '../errors.ts';
import type { Headers } from '../headers.ts';
import type { ClientSink, Reply } from '../reply.ts';

/** Bodies up to this are copied beside their head. */
const joinedBytesMax = 16 * 1024;

/** The one place that writes to a client of the data plane. */
export class ResponseWriter implements ClientSink {
  readonly #response: ServerResponse;
  #started = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Sends `reply`: the head, then the body as it comes. `close` asks the client to use another connection next time. */
  send(reply: Reply, close: boolean): void {
    const response = this.#response;
    const headers = reply.status === 204 ? withoutLength(reply.headers) : reply.headers;
    response.writeHead(reply.status, close ? [...headers, 'connection', 'close'] : headers);
    reply.body.pipeTo(this);
    // A head without content yet (server-sent events, a slow upstream) must not wait for the first chunk.
    if (!this.#started && !response.destroyed) response.flushHeaders();
  }

  write(bytes: Uint8Array): boolean {
    this.#started = true;
    return this.#response.write(bytes);
  }

  onWritable(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  end(last: Uint8Array | null, trailers: Headers): void {
    const whole = !this.#started;
    this.#started = true;
    const response = this.#response;
    // Node sends them where the body is chunked, and leaves them out where it cannot.
    if (trailers.length > 0) response.addTrailers(pairs(trailers));
    if (last === null) response.end();
    // As a string, a small body leaves in one buffer with the head: one write of one piece, instead of a gathered one.
    else if (whole && last.byteLength <= joinedBytesMax) response.end(latin1(last), 'latin1');
    else response.end(last);
  }

  fail(_error: MeshError): void {
    this.#started = true;
    this.#response.destroy();
  }
}

function withoutLength(headers: Headers): Headers {
  const kept: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'content-length') kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

function pairs(flat: Headers): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i] as string, flat[i + 1] as string]);
  return list;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
