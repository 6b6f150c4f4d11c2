import type { Clock } from '../clock.ts';
import type { Counter } from './families.ts';
import type { Metrics } from './metrics.ts';
import type { Span, TraceListener } from './trace.ts';

/** The maximum of traces that wait to be sent; more are dropped and counted. */
export const queueMax = 2048;
/** Traces sent at once: few enough that serializing them delays no request. */
export const batchMax = 64;
/** An incomplete batch is sent after this. */
const delayMs = 1000;

/** Sends spans to a collector. Rejects if the collector has not taken them. */
export type SendSpans = (spans: readonly Span[]) => Promise<void>;

/**
 * Hands sampled traces to a collector, in batches, one at a time. Requests never wait for it: traces that the collector
 * cannot take in time, or refuses, are dropped.
 */
export class SpanExport {
  readonly #clock: Clock;
  readonly #send: SendSpans;
  readonly #sent: Counter;
  readonly #dropped: { full: Counter; failed: Counter };
  #queue: Span[] = [];
  #sending: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(clock: Clock, metrics: Metrics, send: SendSpans) {
    this.#clock = clock;
    this.#send = send;
    const sent = metrics.counter('mesh_trace_spans_exported_total', 'Spans that the collector has taken.', []);
    const dropped = metrics.counter('mesh_trace_spans_dropped_total', 'Sampled spans that were not exported.', [
      'reason',
    ]);
    this.#sent = sent();
    this.#dropped = { full: dropped('queue_full'), failed: dropped('export_failed') };
    metrics.gauge('mesh_trace_queue', 'Traces that wait to be exported.', [], () => [
      { values: [], value: this.#queue.length },
    ]);
  }

  /** Takes one trace: a server span with its attempts. */
  readonly add: TraceListener = (span) => {
    if (!span.sampled || this.#closed) return;
    if (this.#queue.length >= queueMax) {
      this.#dropped.full.value += 1 + span.children.length;
      return;
    }
    this.#queue.push(span);
    if (this.#sending !== null) return;
    if (this.#queue.length >= batchMax) this.#start();
    else this.#cancelTimer ??= this.#clock.after(delayMs, () => this.#start());
  };

  /** Sends the waiting traces, and gives up after `timeoutMs`. Takes no more traces. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#start();
    let cancel = () => {};
    const tooLate = new Promise<void>((resolve) => {
      cancel = this.#clock.after(timeoutMs, resolve);
    });
    await Promise.race([this.#sending, tooLate]);
    cancel();
  }

  #start(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#sending !== null || this.#queue.length === 0) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = null;
      // Traces that came during the last batch and are too few for a batch wait as usual.
      if (this.#queue.length > 0) this.#cancelTimer = this.#clock.after(delayMs, () => this.#start());
    });
  }

  async #sendAll(): Promise<void> {
    do {
      const batch = this.#queue.splice(0, batchMax).flatMap((span) => [span, ...span.children]);
      try {
        await this.#send(batch);
        this.#sent.value += batch.length;
      } catch {
        // Counted, and not logged: an absent collector must not fill the log.
        this.#dropped.failed.value += batch.length;
      }
    } while (this.#queue.length >= batchMax || (this.#closed && this.#queue.length > 0));
  }
}
