import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type Closing, upstreamServer } from './harness.ts';

/** A span as read by the collector. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  /** 2 server, 3 client. */
  kind: number;
  startNs: bigint;
  endNs: bigint;
  /** 0 unset, 1 ok, 2 error. */
  status: number;
  attributes: Record<string, string | number | boolean>;
}

export interface Collector {
  url: string;
  spans: CollectedSpan[];
  /** Attributes of the resource in the last request. */
  resource: Record<string, string | number | boolean>;
  /** Header fields of each request. */
  requests: IncomingMessage['headers'][];
  /** Violations of the protocol; empty if there are none. */
  violations: string[];
  /** The status of the following replies. */
  status: number;
}

/**
 * A collector that reads OTLP/HTTP in JSON strictly (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding):
 * ids in hex, 64-bit numbers as decimal strings, enums as numbers, no unknown fields.
 */
export async function collector(closing: Closing): Promise<Collector> {
  const held: Omit<Collector, 'url'> = { spans: [], resource: {}, requests: [], violations: [], status: 200 };
  const { port } = await upstreamServer(closing, async (request, response) => {
    held.requests.push(request.headers);
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk;
    try {
      assert.equal(request.method, 'POST');
      assert.equal(request.url, '/v1/traces');
      assert.equal(request.headers['content-type'], 'application/json');
      const { spans, resource } = readTraces(JSON.parse(body));
      if (held.status === 200) held.spans.push(...spans);
      held.resource = resource;
    } catch (thrown) {
      held.violations.push(thrown instanceof Error ? thrown.message : String(thrown));
    }
    response.statusCode = held.status;
    response.setHeader('content-type', 'application/json').end('{}');
  });
  return Object.assign(held, { url: `http://127.0.0.1:${port}/v1/traces` });
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown, where: string, known: readonly string[]): Fields {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), `${where} is an object`);
  for (const name of Object.keys(value)) assert.ok(known.includes(name), `${where} has no field ${name}`);
  return value as Fields;
}

function listOf(value: unknown, where: string): unknown[] {
  assert.ok(Array.isArray(value), `${where} is a list`);
  return value;
}

function readTraces(body: unknown) {
  const spans: CollectedSpan[] = [];
  let resource: CollectedSpan['attributes'] = {};
  for (const each of listOf(fieldsOf(body, 'request', ['resourceSpans']).resourceSpans, 'resourceSpans')) {
    const ofResource = fieldsOf(each, 'ResourceSpans', ['resource', 'scopeSpans', 'schemaUrl']);
    const { attributes } = fieldsOf(ofResource.resource, 'Resource', ['attributes', 'droppedAttributesCount']);
    resource = readAttributes(attributes);
    for (const one of listOf(ofResource.scopeSpans, 'scopeSpans')) {
      const ofScope = fieldsOf(one, 'ScopeSpans', ['scope', 'spans', 'schemaUrl']);
      fieldsOf(ofScope.scope, 'Scope', ['name', 'version', 'attributes', 'droppedAttributesCount']);
      for (const span of listOf(ofScope.spans, 'spans')) spans.push(readSpan(span));
    }
  }
  return { spans, resource };
}

const spanFields = [
  ...['traceId', 'spanId', 'traceState', 'parentSpanId', 'flags', 'name', 'kind', 'startTimeUnixNano'],
  ...['endTimeUnixNano', 'attributes', 'droppedAttributesCount', 'events', 'droppedEventsCount', 'links'],
  ...['droppedLinksCount', 'status'],
];

function readSpan(value: unknown): CollectedSpan {
  const span = fieldsOf(value, 'Span', spanFields);
  const hex = (name: string, digits: number) => {
    const text = span[name];
    assert.ok(typeof text === 'string' && new RegExp(`^[0-9a-f]{${digits}}$`).test(text), `${name} is ${text}`);
    assert.doesNotMatch(text, /^0+$/, name);
    return text;
  };
  const nanoseconds = (name: string) => {
    const text = span[name];
    assert.ok(typeof text === 'string' && /^\d{1,20}$/.test(text), `${name} is ${JSON.stringify(text)}`);
    return BigInt(text);
  };
  const { name, kind } = span;
  assert.ok(typeof name === 'string' && name !== '', 'a span has a name');
  assert.ok(kind === 2 || kind === 3, `kind is ${JSON.stringify(kind)}`);
  const { code = 0 } = fieldsOf(span.status, 'Status', ['code', 'message']);
  assert.ok(code === 0 || code === 1 || code === 2, `status.code is ${JSON.stringify(code)}`);
  const [startNs, endNs] = [nanoseconds('startTimeUnixNano'), nanoseconds('endTimeUnixNano')];
  assert.ok(startNs <= endNs, 'a span ends after it has begun');
  return {
    traceId: hex('traceId', 32),
    spanId: hex('spanId', 16),
    parentSpanId: span.parentSpanId === undefined ? null : hex('parentSpanId', 16),
    name,
    kind,
    startNs,
    endNs,
    status: code,
    attributes: readAttributes(span.attributes),
  };
}

function readAttributes(value: unknown): CollectedSpan['attributes'] {
  const read: CollectedSpan['attributes'] = {};
  for (const each of listOf(value, 'attributes')) {
    const { key, value: any } = fieldsOf(each, 'KeyValue', ['key', 'value']);
    assert.ok(typeof key === 'string' && key !== '' && !Object.hasOwn(read, key), `the key ${key} is there once`);
    const entries = Object.entries(fieldsOf(any, 'AnyValue', ['stringValue', 'boolValue', 'intValue', 'doubleValue']));
    assert.equal(entries.length, 1, `${key} has one value`);
    const [type, content] = entries[0] as [string, unknown];
    if (type === 'stringValue') assert.ok(typeof content === 'string');
    else if (type === 'boolValue') assert.ok(typeof content === 'boolean');
    else if (type === 'intValue') assert.ok(/^-?\d+$/.test(String(content)), `${key} is a whole number`);
    else assert.ok(typeof content === 'number');
    read[key] = type === 'intValue' ? Number(content) : (content as string | number | boolean);
  }
  return read;
}
