import type { MeshError } from './errors.ts';

/** Receives the bytes of a request body. No calls follow `end` or `fail`. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
  fail(error: MeshError): void;
}

/**
 * A request body that has not been read yet. It is read at most once: a layer that needs it twice (retry, mirror)
 * replaces `exchange.body` by a source that replays the kept bytes.
 */
export interface BodySource {
  /** Content-Length; null if the length is unknown (chunked). */
  readonly length: number | null;
  /** Begins delivery. Call it once. */
  start(sink: BodySink): void;
  /** Back-pressure: no chunk is delivered between `pause` and `resume`, except one already on its way. */
  pause(): void;
  resume(): void;
  /** Drops the rest of the body. The sink gets no further calls. */
  cancel(): void;
}

/** A body that is in memory already. */
export function bodyOf(bytes: Uint8Array): BodySource {
  let sink: BodySink | null = null;
  let paused = false;
  let delivered = false;
  const deliver = () => {
    if (sink === null || paused || delivered) return;
    delivered = true;
    if (bytes.byteLength > 0) sink.chunk(bytes);
    sink?.end();
  };
  return {
    length: bytes.byteLength,
    start(to) {
      sink = to;
      queueMicrotask(deliver);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      queueMicrotask(deliver);
    },
    cancel() {
      sink = null;
      delivered = true;
    },
  };
}
