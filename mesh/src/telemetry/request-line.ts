import type { Clock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import { pathnameOf } from '../routing/match.ts';
import { isoTime } from './iso-time.ts';

/** How a request went, besides what its exchange knows. Durations in milliseconds. */
export interface Outcome {
  status: number;
  bytesSent: number;
  headMs: number;
  durationMs: number;
}

/**
 * What the access log and `mesh tap` say about a request: the fields of a JSON object, without its braces. Queries,
 * header values (but for User-Agent) and bodies are left out: secrets travel in them.
 *
 * Put together by hand: only what a client chose needs escaping, and that is most of what a line costs.
 */
export function requestFields(clock: Clock, exchange: Exchange, outcome: Outcome): string {
  const { facts, route, backend } = exchange;
  const { failure } = facts;
  let line =
    `"time":"${isoTime(clock.wall())}","id":"${facts.id}"` +
    `,"entrance":"${facts.entrance.name}","client":"${facts.clientAddress}"` +
    `,"method":${JSON.stringify(exchange.method)},"host":${JSON.stringify(exchange.askedAuthority)}` +
    `,"path":${JSON.stringify(pathnameOf(exchange.askedPath))},"status":${outcome.status}` +
    `,"durationMs":${rounded(outcome.durationMs)},"headMs":${rounded(outcome.headMs)}` +
    `,"bytesReceived":${facts.bytesReceived},"bytesSent":${outcome.bytesSent},"attempts":${facts.attempts}`;
  if (route !== null) line += `,"route":"${route.rule.id}"`;
  if (backend !== null) line += `,"service":"${backend.service.name}"`;
  if (facts.endpoint !== null) line += `,"endpoint":"${facts.endpoint}"`;
  if (failure !== null) line += `,"reason":"${failure.code}","where":"${failure.row.where}"`;
  const flags = failure === null ? facts.flags : [...facts.flags, failure.row.flag];
  if (flags.length > 0) line += `,"flags":${JSON.stringify(flags)}`;
  if (facts.span !== null) line += `,"traceId":"${facts.span.traceId}"`;
  const userAgent = header(exchange.headers, 'user-agent');
  if (userAgent !== undefined) line += `,"userAgent":${JSON.stringify(userAgent)}`;
  return line;
}

/** To microseconds: what is below that is noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
