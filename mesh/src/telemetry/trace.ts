/** One unit of work in a trace, named after OpenTelemetry's conventions. Built by hand: it is on the hot path. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  /** Whether exporters get it; the ring takes every trace. */
  readonly sampled: boolean;
  /** B3's debug flag. */
  readonly debug: boolean;
  readonly kind: 'server' | 'client';
  name: string;
  readonly startedAt: number;
  durationMs: number;
  attributes: Record<string, string | number | boolean>;
  children: Span[];
}

/** Receives finished traces: the ring, an exporter. Called with the server span, its attempts in `children`. */
export type TraceListener = (span: Span) => void;

/** The last traces, in memory, for the admin API: recent traces are visible without a collector. */
export class TraceRing {
  readonly #spans: (Span | undefined)[];
  #next = 0;

  constructor(capacity: number) {
    this.#spans = new Array(capacity);
  }

  readonly add: TraceListener = (span) => {
    this.#spans[this.#next] = span;
    this.#next = (this.#next + 1) % this.#spans.length;
  };

  /** Newest first, filtered by `wanted`. */
  recent(limit: number, wanted: (span: Span) => boolean = () => true): Span[] {
    const found: Span[] = [];
    const size = this.#spans.length;
    for (let i = 1; i <= size && found.length < limit; i += 1) {
      const span = this.#spans[(this.#next - i + size) % size];
      if (span !== undefined && wanted(span)) found.push(span);
    }
    return found;
  }

  byId(traceId: string): Span[] {
    return this.recent(this.#spans.length, (span) => span.traceId === traceId);
  }
}
