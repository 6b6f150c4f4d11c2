import type { Exchange } from '../exchange.ts';
import { pathnameOf } from '../routing/match.ts';
import { methodClass, methodClasses } from './classes.ts';

/**
 * Names and attributes of spans, by OpenTelemetry's conventions for HTTP
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). Queries, header values and bodies are left out
 * because they carry secrets.
 */
export type Attributes = Record<string, string | number | boolean>;

/** The maximum of characters from a client, kept for each trace: a ring of long paths would take many megabytes. */
const clientCharsMax = 256;

const other = '_OTHER';

/** The method as a span name of bounded cardinality. */
function methodOf(method: string): string {
  return methodClasses[methodClass(method)] as string;
}

/** `GET /path/of/the/match`: never text from a client. */
export function serverSpanName({ method, route }: Exchange): string {
  const name = clientSpanName(method);
  return route === null ? name : `${name} ${route.match.path.value}`;
}

/** The method alone: the path of a request to a service has unbounded cardinality. */
export function clientSpanName(method: string): string {
  const name = methodOf(method);
  return name === other ? 'HTTP' : name;
}

/** @param status of the reply that the client got */
export function serverAttributes(exchange: Exchange, status: number): Attributes {
  const { route, backend, facts } = exchange;
  const { host, port } = serverOf(exchange.askedAuthority);
  // One literal: an object that grows key by key costs several times as much, and this is on the hot path.
  const attributes: Attributes = {
    'http.request.method': methodOf(exchange.method),
    'url.scheme': facts.scheme,
    'url.path': cut(pathnameOf(exchange.askedPath)),
    'client.address': facts.clientAddress,
    'http.response.status_code': status,
    'mesh.entrance': facts.entrance.name,
    'mesh.request_id': facts.id,
    'server.address': host,
  };
  if (facts.peerAddress !== facts.clientAddress) attributes['network.peer.address'] = facts.peerAddress;
  if (host === '') delete attributes['server.address'];
  if (port !== null) attributes['server.port'] = port;
  if (route !== null) {
    attributes['http.route'] = route.match.path.value;
    attributes['mesh.route'] = route.rule.id;
  }
  if (backend !== null) attributes['mesh.service'] = backend.service.name;
  if (facts.failure !== null) attributes['error.type'] = facts.failure.code;
  else if (status >= 500) attributes['error.type'] = String(status);
  addOriginal(attributes, exchange.method);
  return attributes;
}

/** The attributes of an attempt that are known before it is made. */
export function attemptAttributes({ method, path, backend, endpoint, attempt }: Exchange): Attributes {
  const attributes: Attributes = { 'http.request.method': methodOf(method), 'mesh.attempt': attempt };
  if (endpoint !== null) {
    attributes['server.address'] = endpoint.host;
    attributes['server.port'] = endpoint.port;
    attributes['url.full'] = `http://${endpoint.id}${cut(pathnameOf(path))}`;
    attributes['mesh.endpoint'] = endpoint.id;
  }
  if (backend !== null) attributes['mesh.service'] = backend.service.name;
  if (attempt > 1) attributes['http.request.resend_count'] = attempt - 1;
  addOriginal(attributes, method);
  return attributes;
}

/** The original of a method that the span name does not show. */
function addOriginal(attributes: Attributes, method: string): void {
  if (attributes['http.request.method'] === other) attributes['http.request.method_original'] = cut(method);
}

function cut(text: string): string {
  return text.length <= clientCharsMax ? text : text.slice(0, clientCharsMax);
}

let lastAuthority = '';
let lastServer: { host: string; port: number | null } = { host: '', port: null };

/**
 * `host`, `host:port`, `[v6]:port`. The last result is remembered: consecutive requests often have the same authority.
 */
function serverOf(authority: string): { host: string; port: number | null } {
  if (authority === lastAuthority) return lastServer;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  lastServer = { host: cut(host.replace(/^\[(.*)\]$/, '$1')), port: port === undefined ? null : Number(port) };
  lastAuthority = authority;
  return lastServer;
}
