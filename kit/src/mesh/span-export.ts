import { Pool } from '../../vendor/undici.ts';
import type { Metrics, PlainCounter } from '../observe/metrics.ts';
import type { Span, SpanAttributes, Spans } from './spans.ts';

/** Spans that wait; more are dropped and counted. Each takes about half a kilobyte. */
const queueMax = 2_048;
/** Spans in one request. */
const batchMax = 128;
/** An incomplete batch leaves after this, and a complete one not sooner after the one before it than a tenth of it. */
const delayMs = 500;
const timeoutMs = 2_000;

/** OTLP's numbers of the kinds. */
const kindNumbers = { server: 2, client: 3, producer: 4, consumer: 5 } as const;

export interface SpanExportOptions {
  /** Admin address of the mesh, which keeps the latest spans. */
  meshUrl: string;
  /** Absent if the mesh requires none. */
  token?: string | undefined;
  /** The service's name. */
  service: string;
  metrics?: Metrics | undefined;
}

export interface SpanExport {
  /** Sends what waits, once, and ends. */
  close(): Promise<void>;
}

/**
 * Sends the spans of a process to the mesh, by OTLP over HTTP in JSON. Nothing waits for it: what the mesh does not take,
 * or cannot take in time, is dropped and counted. At most 2,560 spans a second leave, so that a busy service does not
 * keep the mesh busy with reading them.
 */
export function exportSpans(spans: Spans, options: SpanExportOptions): SpanExport {
  const { meshUrl, token, service, metrics } = options;
  const pool = new Pool(meshUrl, { connections: 1, connect: { timeout: timeoutMs } });
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const counted = counters(metrics);
  let queue: Span[] = [];
  let timer: NodeJS.Timeout | null = null;
  let sending: Promise<void> | null = null;

  const send = async () => {
    const batch = queue.slice(0, batchMax);
    queue = queue.slice(batchMax);
    try {
      const body = JSON.stringify(requestOf(service, batch));
      const signal = AbortSignal.timeout(timeoutMs);
      const reply = await pool.request({ method: 'POST', path: '/v1/traces', headers, body, signal });
      await reply.body.dump();
      const outcome = reply.statusCode === 200 ? counted.sent : counted.refused;
      outcome.value += batch.length;
    } catch {
      // Counted and not logged: the mesh may be away for long.
      counted.refused.value += batch.length;
    }
  };
  const wait = (ms: number) => {
    timer = setTimeout(start, ms).unref();
  };
  const start = () => {
    timer = null;
    sending = send().finally(() => {
      sending = null;
      if (queue.length > 0) wait(queue.length >= batchMax ? delayMs / 10 : delayMs);
    });
  };

  const accepts = () => {
    if (queue.length < queueMax) return true;
    counted.full.value += 1;
    return false;
  };
  const stop = spans.listen((span) => {
    // Others may have ended since it began.
    if (!accepts()) return;
    queue.push(span);
    if (timer === null && sending === null) wait(delayMs);
  }, accepts);

  return {
    close: async () => {
      stop();
      await sending;
      if (timer !== null) clearTimeout(timer);
      if (queue.length > 0) await send();
      if (timer !== null) clearTimeout(timer);
      counted.full.value += queue.length;
      await pool.destroy();
    },
  };
}

function counters(metrics: Metrics | undefined): Record<'sent' | 'full' | 'refused', PlainCounter> {
  if (metrics === undefined) return { sent: { value: 0 }, full: { value: 0 }, refused: { value: 0 } };
  const sent = metrics.counter('trace_spans_exported_total', 'Spans that the mesh has taken');
  const dropped = metrics.counter('trace_spans_dropped_total', 'Spans that were not exported', ['reason']);
  return {
    sent: sent.series(),
    full: dropped.series({ reason: 'queue_full' }),
    refused: dropped.series({ reason: 'export_failed' }),
  };
}

/** The body of a request (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
export function requestOf(service: string, spans: readonly Span[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': service }) },
        scopeSpans: [{ scope: { name: '@banyan/kit' }, spans: spans.map(spanOf) }],
      },
    ],
  };
}

const spanOf = (span: Span) => ({
  ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentId, flags: 1 },
  ...{ name: span.name, kind: kindNumbers[span.kind] },
  startTimeUnixNano: nanosOf(span.startedAtMs),
  endTimeUnixNano: nanosOf(span.startedAtMs + span.durationMs),
  attributes: attributesOf(span.attributes),
  status: span.failed ? { code: 2 } : {},
});

const attributesOf = (attributes: SpanAttributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));

/** In microseconds: a double of nanoseconds since 1970 is not exact. */
const nanosOf = (ms: number): string => `${Math.round(ms * 1_000)}000`;
