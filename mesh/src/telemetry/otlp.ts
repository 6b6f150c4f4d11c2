import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SendSpans } from './span-export.ts';
import type { Span } from './trace.ts';

type ExportedSpan = Parameters<OTLPTraceExporter['export']>[0][number];
type Resource = ExportedSpan['resource'];

/** Milliseconds for one batch, with OpenTelemetry's own retries: behind it is a queue. */
const timeoutMs = 5000;

/**
 * Sends spans by OTLP over HTTP in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp) to `url`. OpenTelemetry's
 * exporter reads OTEL_EXPORTER_OTLP_HEADERS, _COMPRESSION and similar variables itself. The exporter is loaded with the
 * first batch: loading takes about 150 ms and 25 MB, which a mesh without a collector should not pay.
 */
export function otlpSender(url: string): SendSpans {
  let loading: ReturnType<typeof load> | null = null;
  return async (spans) => {
    loading ??= load(url);
    const { exporter, resource } = await loading;
    const exported = spans.map((span) => exportedOf(span, resource));
    await new Promise<void>((resolve, reject) =>
      exporter.export(exported, ({ error, code }) => {
        if (code === 0) resolve();
        else reject(error ?? new Error('The collector did not take the spans.'));
      }),
    );
  };
}

async function load(url: string) {
  const [{ OTLPTraceExporter }, { detectResources, envDetector, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, if set, take precedence.
  const resource: Resource = resourceFromAttributes({ 'service.name': 'mesh' }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  return { resource, exporter: new OTLPTraceExporter({ url, timeoutMillis: timeoutMs }) };
}

const scope = { name: 'mesh' };

function exportedOf(span: Span, resource: Resource): ExportedSpan {
  const flags = span.sampled ? 1 : 0;
  const context = { traceId: span.traceId, spanId: span.spanId, traceFlags: flags };
  return {
    name: span.name,
    kind: span.kind === 'server' ? 1 : 2,
    spanContext: () => context,
    ...(span.parentId === null
      ? {}
      : {
          parentSpanContext: {
            traceId: span.traceId,
            spanId: span.parentId,
            traceFlags: flags,
            isRemote: span.kind === 'server',
          },
        }),
    startTime: hrTime(span.startedAt),
    endTime: hrTime(span.startedAt + span.durationMs),
    duration: hrTime(span.durationMs),
    status: { code: isError(span) ? 2 : 0 },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** For a client's 4xx, the conventions leave the status of the server span unset and set that of the client span. */
function isError({ kind, attributes }: Span): boolean {
  if (!('error.type' in attributes)) return false;
  const status = Number(attributes['http.response.status_code'] ?? 0);
  return kind === 'client' || status < 400 || status >= 500;
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}
