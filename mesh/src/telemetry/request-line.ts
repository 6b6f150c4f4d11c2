import type { Clock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import { pathnameOf } from '../routing/match.ts';
import { visibleJson } from '../visible.ts';
import { isoTime } from './iso-time.ts';

/** How a request went, besides what its exchange holds. Durations in milliseconds. */
export interface Outcome {
  status: number;
  bytesSent: number;
  headMs: number;
  durationMs: number;
}

/** A request as `mesh tap` shows it: the fields of a JSON object, without its braces. */
export function requestFields(clock: Clock, exchange: Exchange, outcome: Outcome): string {
  const { span } = exchange.facts;
  const trace = span === null ? '' : `,"traceId":"${span.traceId}"`;
  return `"time":"${isoTime(clock.wall())}",${requestAttributes(exchange, outcome)}${trace}`;
}

/**
 * A request in the access log and in `mesh tap`: the fields of a JSON object, without its braces. Queries, header
 * values (except User-Agent) and bodies are left out because they carry secrets.
 *
 * Put together by hand, and parts that many lines share are kept from one line to the next: this is on the hot path.
 */
export function requestAttributes(exchange: Exchange, outcome: Outcome): string {
  const { facts, route, backend } = exchange;
  const { failure } = facts;
  let line =
    `"id":"${facts.id}"` +
    `,"entrance":"${facts.entrance.name}","client":"${facts.clientAddress}"` +
    `,"method":${quotedMethod(exchange.method)},"host":${quotedHost(exchange.askedAuthority)}` +
    `,"path":${quotedPath(pathnameOf(exchange.askedPath))},"status":${outcome.status}` +
    `,"durationMs":${rounded(outcome.durationMs)},"headMs":${rounded(outcome.headMs)}` +
    `,"bytesReceived":${facts.bytesReceived},"bytesSent":${outcome.bytesSent},"attempts":${facts.attempts}` +
    whither(route?.rule.id ?? null, backend?.service.name ?? null, facts.endpoint);
  if (facts.peerAddress !== facts.clientAddress) line += `,"peer":"${facts.peerAddress}"`;
  if (failure !== null) line += `,"reason":"${failure.code}","where":"${failure.row.where}"`;
  const flags = failure === null ? facts.flags : [...facts.flags, failure.row.flag];
  if (flags.length > 0) line += `,"flags":${JSON.stringify(flags)}`;
  const userAgent = header(exchange.headers, 'user-agent');
  if (userAgent !== undefined) line += `,"userAgent":${quotedAgent(userAgent)}`;
  return line;
}

/** A path that has got this far is visible ASCII; other characters that JSON escapes are rare. */
function quotedPath(path: string): string {
  return plainPath.test(path) ? `"${path}"` : visibleJson(path);
}

const plainPath = /^[!#-[\]-~]*$/;
const quotedMethod = lastQuoted();
const quotedHost = lastQuoted();
const quotedAgent = lastQuoted();

/** `visibleJson` with a memory of its last result: consecutive requests often have the same value. */
function lastQuoted(): (text: string) => string {
  let last = '';
  let quoted = '""';
  return (text) => {
    if (text !== last) {
      quoted = visibleJson(text);
      last = text;
    }
    return quoted;
  };
}

let lastRoute: string | null = null;
let lastService: string | null = null;
let lastEndpoint: string | null = null;
let lastWhither = '';

/** Where the request went; unknown members are left out. */
function whither(route: string | null, service: string | null, endpoint: string | null): string {
  if (route === lastRoute && service === lastService && endpoint === lastEndpoint) return lastWhither;
  lastRoute = route;
  lastService = service;
  lastEndpoint = endpoint;
  lastWhither =
    (route === null ? '' : `,"route":"${route}"`) +
    (service === null ? '' : `,"service":"${service}"`) +
    (endpoint === null ? '' : `,"endpoint":"${endpoint}"`);
  return lastWhither;
}

/**
 * Milliseconds with three decimals: finer digits are noise. Made from two whole numbers, because formatting a fraction
 * is slower.
 */
function rounded(ms: number): string {
  const us = Math.round(ms * 1000);
  const whole = Math.floor(us / 1000);
  const rest = us - whole * 1000;
  if (rest === 0) return `${whole}`;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}
