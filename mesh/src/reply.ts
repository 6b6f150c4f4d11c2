import type { MeshError } from './errors.ts';
import type { Headers } from './headers.ts';

/** The client's end of a reply's body. */
export interface ClientSink {
  /** False when the client cannot take more now; `onWritable` tells when it can. */
  write(bytes: Uint8Array): boolean;
  /** One listener, set once, called each time the client can take more again. */
  onWritable(listener: () => void): void;
  /** A clean end, with the last bytes if they are at hand (so that a small reply is sent in one write). */
  end(last: Uint8Array | null, trailers: Headers): void;
  /** The body broke off: destroys the connection, so that a truncated body never looks complete. */
  fail(error: MeshError): void;
}

/** The client's end of interim replies. */
export interface InterimSink {
  /** @param status 100 to 199, not 101 @param headers without hop-by-hop fields */
  interim(status: number, headers: Headers): void;
}

/** How a body ended. `error` is null for a whole body. */
export interface BodyEnd {
  /** Bytes of content that came from the upstream. */
  bytes: number;
  error: MeshError | null;
}

/** A reply's body. Every receiver of a reply uses exactly one of `pipeTo` and `discard`. */
export interface ReplyBody {
  /** Content-Length if known. */
  readonly length: number | null;
  /** Sends the body to the client. Call it once, and not after `discard`. */
  pipeTo(client: ClientSink): void;
  /**
   * Drops the body: reads it to its end if little is left, otherwise closes the upstream connection. Harmless to
   * repeat.
   */
  discard(): void;
  /**
   * Calls `listener` once: when the last byte has been passed on, the body has broken off, or it has been discarded; at
   * once if that has happened.
   */
  onEnd(listener: (end: BodyEnd) => void): void;
  /** The last byte has come: the body can no longer break off. Absent if unknown. */
  readonly whole?: boolean;
  /**
   * Holds up to `bytes` of the body. Call it before `pipeTo` or `discard`. Calls `listener` once: with null when the
   * last byte or `bytes` have come, with the error when the body has broken off; at once if that has happened. Absent
   * for a body that cannot be held.
   */
  onHeld?(listener: (error: MeshError | null) => void, bytes: number): void;
}

/** A reply whose head has come. */
export interface Reply {
  readonly status: number;
  /** Flat, lower-case names, hop-by-hop fields dropped. Layers may change it until the body is piped. */
  readonly headers: Headers;
  readonly body: ReplyBody;
  /**
   * True for an upgraded connection (101 and the bytes after it, or the upstream's refusal): the tunnel writes to the
   * client itself.
   */
  readonly tunneled: boolean;
}

/** A reply that the mesh makes itself. */
export function localReply(status: number, headers: Headers, content: string | Uint8Array): Reply {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    status,
    headers: [...headers, 'content-length', String(bytes.byteLength)],
    body: new LocalBody(bytes),
    tunneled: false,
  };
}

/** The mesh's own reply in a form that every client of a JSON API can read. */
export function errorReply(status: number, title: string, detail: string, headers: Headers = []): Reply {
  const body = JSON.stringify({ errors: [{ status, title, detail }] });
  return localReply(status, ['content-type', 'application/json', ...headers], body);
}

class LocalBody implements ReplyBody {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #listeners: ((end: BodyEnd) => void)[] = [];
  #ended: BodyEnd | null = null;

  constructor(bytes: Uint8Array) {
    this.length = bytes.byteLength;
    this.#bytes = bytes;
  }

  pipeTo(client: ClientSink): void {
    client.end(this.#bytes, []);
    this.#finish(this.length);
  }

  discard(): void {
    this.#finish(0);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended === null) this.#listeners.push(listener);
    else listener(this.#ended);
  }

  #finish(bytes: number): void {
    if (this.#ended !== null) return;
    this.#ended = { bytes, error: null };
    for (const listener of this.#listeners) listener(this.#ended);
  }
}
