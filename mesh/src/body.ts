import type { MeshError } from './errors.ts';

/** Where the bytes of a request body go. Calls after `end` or `fail` do not happen. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
  fail(error: MeshError): void;
}

/**
 * A request body that has not been read yet. It is read at most once: a layer that needs it twice (retry, shadow)
 * replaces `exchange.body` by a source that replays what it kept.
 */
export interface BodySource {
  /** Bytes announced by Content-Length; null where the length is not known (chunked). */
  readonly length: number | null;
  /** Begins delivery. Once. */
  start(sink: BodySink): void;
  /** Back-pressure: no chunk is delivered between `pause` and `resume`, except one already on its way. */
  pause(): void;
  resume(): void;
  /** Nothing more is wanted: what is still coming is thrown away, and the sink hears nothing any more. */
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
