import type { Exchange } from '../exchange.ts';
import { header } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { BodyEnd, Reply } from '../reply.ts';
import { pathnameOf } from '../routing/match.ts';
import type { Parts } from './parts.ts';

/** One line per request, when its last byte has gone. Queries, header values and bodies are left out: secrets travel in them. */
export function accessLog({ clock, log, random }: Parts): Layer {
  const wanted = ({ facts, route }: Exchange, status: number): boolean => {
    const policy = route?.rule.policy.accessLog;
    if (policy === undefined || policy.samplePercent >= 100) return true;
    if (policy.alwaysFailures && (facts.failure !== null || status >= 500)) return true;
    return random() * 100 < policy.samplePercent;
  };

  const write = (exchange: Exchange, reply: Reply, headAtMs: number, end: BodyEnd) => {
    const { facts, route, backend } = exchange;
    const { failure } = facts;
    if (!wanted(exchange, reply.status)) return;
    log.info(
      {
        id: facts.id,
        entrance: facts.entrance.name,
        client: facts.clientAddress,
        method: exchange.method,
        host: exchange.authority,
        path: pathnameOf(exchange.path),
        status: reply.status,
        durationMs: rounded(clock.now() - facts.startedAtMs),
        headMs: rounded(headAtMs - facts.startedAtMs),
        bytesReceived: facts.bytesReceived,
        bytesSent: end.bytes,
        route: route?.rule.id,
        service: backend?.service.name,
        endpoint: facts.endpoint ?? undefined,
        attempts: facts.attempts,
        flags: failure === null ? facts.flags : [...facts.flags, failure.row.flag],
        reason: failure?.code,
        where: failure?.row.where,
        traceId: facts.span?.traceId,
        userAgent: header(exchange.headers, 'user-agent'),
      },
      'request',
    );
    // A defect of the mesh itself: the one case in which the log needs the stack.
    if (failure?.code === 'internal') log.error({ id: facts.id, err: failure.cause }, 'defect');
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
