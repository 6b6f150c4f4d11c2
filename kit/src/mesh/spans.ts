import { randomFillSync } from 'node:crypto';
import { traceIds } from './trace.ts';

export type SpanKind = 'server' | 'client' | 'producer' | 'consumer';
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** One unit of work in a trace, named by OpenTelemetry's conventions. */
export interface Span {
  traceId: string;
  spanId: string;
  parentId: string;
  kind: SpanKind;
  name: string;
  /** Unix ms. */
  startedAtMs: number;
  durationMs: number;
  attributes: SpanAttributes;
  failed: boolean;
}

/** A span that has begun. */
export interface OpenSpan {
  /** For what it causes. */
  readonly traceparent: string;
  /** Ends it, once. `failed`: it is the fault of the service, or of the one that it asked. */
  end(name: string, attributes: SpanAttributes, failed?: boolean): void;
}

/** Where the sampled flag begins in a `traceparent` of version 00: the last character of 55 (W3C Trace Context, 3.2). */
const flagAt = 54;

/**
 * The spans that a process makes. Without a listener, and for requests whose caller has not sampled them, there are none,
 * and nothing is allocated.
 */
export class Spans {
  readonly #newId = ids();
  #listener: ((span: Span) => void) | null = null;
  #accepts: () => boolean = () => true;

  /**
   * Begins to hand spans over. There is one listener; the last one counts. Returns how it ends.
   *
   * @param accepts is asked before a span is begun: what is dropped in the end need not be made
   */
  listen(listener: (span: Span) => void, accepts = () => true): () => void {
    this.#listener = listener;
    this.#accepts = accepts;
    return () => {
      if (this.#listener === listener) this.#listener = null;
    };
  }

  /**
   * Begins a span, if someone listens and the caller has sampled the trace.
   *
   * @param traceparent of the caller
   */
  begin(kind: SpanKind, traceparent: string | string[] | undefined): OpenSpan | null {
    if (this.#listener === null || typeof traceparent !== 'string' || !isSampled(traceparent)) return null;
    const { traceId, spanId: parentId } = traceIds({ traceparent });
    if (traceId === undefined || parentId === undefined || !this.#accepts()) return null;
    const spanId = this.#newId();
    // The mesh's spans have this clock too.
    const startedAtMs = Date.now();
    const beganMs = performance.now();
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      end: (name, attributes, failed = false) => {
        this.#listener?.({
          ...{ traceId, spanId, parentId, kind, name, attributes, failed, startedAtMs },
          durationMs: performance.now() - beganMs,
        });
      },
    };
  }
}

/**
 * The spans of this process. There is one, as there is one log: a span is begun by the server and by the clients of
 * whatever handles the request, and `runService` sends them to the mesh.
 */
export const processSpans = new Spans();

/** The lowest bit of the flags. */
const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.charAt(flagAt), 16) & 1) === 1;

/** Makes random ids of 16 hex digits, cut from a long text: a system call for each would cost more than the span. */
function ids(): () => string {
  const bytes = Buffer.alloc(2_048);
  let text = '';
  let at = 0;
  return () => {
    if (at === text.length) {
      text = randomFillSync(bytes).toString('hex');
      at = 0;
    }
    at += 16;
    return text.slice(at - 16, at);
  };
}
