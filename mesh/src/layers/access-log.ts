import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import type { Ending } from '../observer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { isoTime } from '../telemetry/iso-time.ts';
import { infoHead } from '../telemetry/log-record.ts';
import { requestAttributes } from '../telemetry/request-line.ts';

/** Logs one line per request, when its last byte has been sent. */
export function accessLog({ clock, log, logLine, random }: Parts): Layer {
  const wanted = ({ facts, route }: Exchange, status: number): boolean => {
    const policy = route?.rule.policy.accessLog;
    if (policy === undefined || policy.samplePercent >= 100) return true;
    if (policy.alwaysFailures && (facts.failure !== null || status >= 500)) return true;
    return random() * 100 < policy.samplePercent;
  };

  const write = (exchange: Exchange, { reply, bytes, headAtMs, endedAtMs }: Ending) => {
    if (reply === null || !wanted(exchange, reply.status)) return;
    const { facts } = exchange;
    const fields = requestAttributes(exchange, {
      status: reply.status,
      bytesSent: bytes,
      headMs: headAtMs - facts.startedAtMs,
      durationMs: endedAtMs - facts.startedAtMs,
    });
    const { span } = facts;
    const ids = span === null ? '' : `,"traceId":"${span.traceId}","spanId":"${span.spanId}"`;
    // In pino's format, without the cost of pino.
    logLine(`${infoHead}${isoTime(clock.wall())}","attributes":{${fields}}${ids},"body":"request"}\n`);
    const { failure } = facts;
    // A defect of the mesh itself: the only case in which the log needs the stack.
    if (failure?.code === 'internal') log.error({ id: facts.id, err: failure.cause }, 'defect');
  };

  return observing(
    clock,
    {
      name: 'access log',
      scope: 'request',
      sentence: 'Writes one JSON line per request: what came in, where it went, what came back, and why it failed.',
      inside: [],
    },
    { end: (exchange, _note, ending) => write(exchange, ending) },
  );
}
