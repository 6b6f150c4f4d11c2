import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { BodyEnd, Reply } from '../reply.ts';
import { pathnameOf } from '../routing/match.ts';
import type { Parts } from './parts.ts';

/** One line per request, when its last byte has gone. Queries, header values and bodies are left out: secrets travel in them. */
export function accessLog({ clock, log, logLine, random }: Parts): Layer {
  const wanted = ({ facts, route }: Exchange, status: number): boolean => {
    const policy = route?.rule.policy.accessLog;
    if (policy === undefined || policy.samplePercent >= 100) return true;
    if (policy.alwaysFailures && (facts.failure !== null || status >= 500)) return true;
    return random() * 100 < policy.samplePercent;
  };

  const write = (exchange: Exchange, reply: Reply, headAtMs: number, end: BodyEnd) => {
    if (!wanted(exchange, reply.status)) return;
    const { facts } = exchange;
    logLine(lineOf(exchange, reply.status, end.bytes, headAtMs - facts.startedAtMs, clock.now() - facts.startedAtMs));
    const { failure } = facts;
    // A defect of the mesh itself: the one case in which the log needs the stack.
    if (failure?.code === 'internal') log.error({ id: facts.id, err: failure.cause }, 'defect');
  };

  const lineOf = (
    exchange: Exchange,
    status: number,
    bytesSent: number,
    headMs: number,
    durationMs: number,
  ): string => {
    const { facts, route, backend } = exchange;
    const { failure } = facts;
    // In pino's form, but put together here: only what a client chose needs escaping, and this is most of what a line costs.
    let line =
      `{"level":30,"time":"${new Date(clock.wall()).toISOString()}","id":"${facts.id}"` +
      `,"entrance":"${facts.entrance.name}","client":"${facts.clientAddress}"` +
      `,"method":${JSON.stringify(exchange.method)},"host":${JSON.stringify(exchange.authority)}` +
      `,"path":${JSON.stringify(pathnameOf(exchange.path))},"status":${status}` +
      `,"durationMs":${rounded(durationMs)},"headMs":${rounded(headMs)}` +
      `,"bytesReceived":${facts.bytesReceived},"bytesSent":${bytesSent},"attempts":${facts.attempts}`;
    if (route !== null) line += `,"route":"${route.rule.id}"`;
    if (backend !== null) line += `,"service":"${backend.service.name}"`;
    if (facts.endpoint !== null) line += `,"endpoint":"${facts.endpoint}"`;
    if (failure !== null) line += `,"reason":"${failure.code}","where":"${failure.row.where}"`;
    const flags = failure === null ? facts.flags : [...facts.flags, failure.row.flag];
    if (flags.length > 0) line += `,"flags":${JSON.stringify(flags)}`;
    if (facts.span !== null) line += `,"traceId":"${facts.span.traceId}"`;
    const userAgent = header(exchange.headers, 'user-agent');
    if (userAgent !== undefined) line += `,"userAgent":${JSON.stringify(userAgent)}`;
    return `${line},"msg":"request"}\n`;
  };

  return {
    name: 'access log',
    scope: 'request',
    sentence: 'Writes one JSON line per request: what came in, where it went, what came back, and why it failed.',
    inside: [],
    wrap: (next) => async (exchange) => {
      const reply = await next(exchange);
      const headAtMs = clock.now();
      reply.body.onEnd((end) => write(exchange, reply, headAtMs, end));
      return reply;
    },
  };
}

/** To microseconds: what is below that is noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
