import type { Counter } from './families.ts';
import type { Metrics } from './metrics.ts';

/** A span that a service has told of. */
export interface ServiceSpan {
  traceId: string;
  spanId: string;
  parentId: string | null;
  /** The service that made it. */
  service: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  name: string;
  /** Unix ms. */
  startedAt: number;
  durationMs: number;
  attributes: Record<string, string | number | boolean>;
  failed: boolean;
}

/** Bounds of what a service may write into the memory of the mesh. */
const textMax = 256;
const attributesMax = 32;

const kinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const traceForm = /^(?!0{32})[\da-f]{32}$/;
const spanForm = /^(?!0{16})[\da-f]{16}$/;
/** Unix nanoseconds; 64-bit numbers are text in OTLP's JSON. */
const nanosForm = /^\d{1,20}$/;

type Fields = Record<string, unknown>;

/**
 * The last spans of the services, in memory. They come as OTLP over HTTP in JSON
 * (https://opentelemetry.io/docs/specs/otlp/#otlphttp), of which only what a trace shows is kept.
 */
export class ServiceSpans {
  readonly #spans: (ServiceSpan | undefined)[];
  readonly #taken: Counter;
  readonly #refused: Counter;
  #next = 0;

  constructor(capacity: number, metrics: Metrics) {
    this.#spans = new Array(capacity);
    const received = metrics.counter('mesh_service_spans_total', 'Spans that services have sent.', ['outcome']);
    this.#taken = received('taken');
    this.#refused = received('refused');
  }

  /** Takes the spans of a request's body. Returns how many were no spans. */
  add(body: unknown): number {
    let refused = 0;
    for (const group of listIn(body, 'resourceSpans')) {
      const service = nameOf(group);
      for (const scope of listIn(group, 'scopeSpans')) {
        for (const one of listIn(scope, 'spans')) {
          const span = spanIn(one, service);
          if (span === null) {
            refused += 1;
            continue;
          }
          this.#spans[this.#next] = span;
          this.#next = (this.#next + 1) % this.#spans.length;
          this.#taken.value += 1;
        }
      }
    }
    this.#refused.value += refused;
    return refused;
  }

  byId(traceId: string): ServiceSpan[] {
    return this.#spans.filter((span) => span?.traceId === traceId) as ServiceSpan[];
  }
}

const fieldsIn = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

function listIn(value: unknown, name: string): unknown[] {
  const list = fieldsIn(value)[name];
  return Array.isArray(list) ? list : [];
}

function nameOf(group: unknown): string {
  const name = attributesIn(fieldsIn(fieldsIn(group).resource).attributes)['service.name'];
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

function spanIn(value: unknown, service: string): ServiceSpan | null {
  const given = fieldsIn(value);
  const { traceId, spanId, parentSpanId = '', name, kind, startTimeUnixNano: start, endTimeUnixNano: end } = given;
  if (typeof traceId !== 'string' || !traceForm.test(traceId)) return null;
  if (typeof spanId !== 'string' || !spanForm.test(spanId)) return null;
  if (parentSpanId !== '' && (typeof parentSpanId !== 'string' || !spanForm.test(parentSpanId))) return null;
  if (typeof start !== 'string' || !nanosForm.test(start)) return null;
  if (typeof end !== 'string' || !nanosForm.test(end)) return null;
  if (typeof name !== 'string') return null;
  const startedAt = Number(start) / 1e6;
  return {
    ...{ traceId, spanId, service },
    parentId: parentSpanId === '' ? null : String(parentSpanId),
    kind: kinds[Number(kind) - 1] ?? 'internal',
    name: cut(name),
    startedAt,
    // From the difference: a double cannot hold nanoseconds since 1970.
    durationMs: Math.max(0, Number(BigInt(end) - BigInt(start)) / 1e6),
    attributes: attributesIn(given.attributes),
    failed: fieldsIn(given.status).code === 2,
  };
}

/** Text, numbers and booleans; lists and others are left out. */
function attributesIn(list: unknown): ServiceSpan['attributes'] {
  const attributes: ServiceSpan['attributes'] = {};
  if (!Array.isArray(list)) return attributes;
  for (const one of list.slice(0, attributesMax)) {
    const { key, value } = fieldsIn(one);
    if (typeof key !== 'string' || key === '__proto__') continue;
    const { stringValue, intValue, doubleValue, boolValue } = fieldsIn(value);
    const found = typeof stringValue === 'string' ? cut(stringValue) : (boolValue ?? doubleValue ?? numberIn(intValue));
    if (typeof found === 'string' || typeof found === 'boolean' || typeof found === 'number') {
      attributes[cut(key)] = found;
    }
  }
  return attributes;
}

const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) ? Number(value) : undefined;

const cut = (text: string): string => (text.length <= textMax ? text : text.slice(0, textMax));
