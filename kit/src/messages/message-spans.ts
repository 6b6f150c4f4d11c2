import type { SpanAttributes, Spans } from '../mesh/spans.ts';
import { type TraceContext, traceContext } from '../mesh/trace.ts';
import type { NewEvent } from '../store/events.ts';

/**
 * Publishes an event in a span, which the consumers' spans have as their parent. It is named by OpenTelemetry's conventions
 * for messaging (https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/).
 *
 * @param publish gets the event with the trace that travels. True: a queue took it
 */
export async function inPublishSpan(
  spans: Spans,
  event: NewEvent,
  exchange: string,
  publish: (traced: NewEvent) => Promise<boolean>,
): Promise<boolean> {
  const caused = event.trace && traceContext({ ...event.trace });
  const span = spans.begin('producer', caused?.traceparent);
  if (span === null) return publish(event);
  const end = (failed: boolean) => span.end(`publish ${exchange}`, about(event, 'publish', exchange), failed);
  try {
    const taken = await publish({ ...event, trace: { ...event.trace, traceparent: span.traceparent } });
    end(false);
    return taken;
  } catch (error) {
    end(true);
    throw error;
  }
}

/** Handles an event in a span: one for each attempt. @param handle gets what its calls and its facts pass on */
export async function inProcessSpan(
  spans: Spans,
  event: NewEvent,
  { queue, caused }: { queue: string; caused: TraceContext },
  handle: (trace: TraceContext) => Promise<void>,
): Promise<void> {
  const span = spans.begin('consumer', caused.traceparent);
  if (span === null) return handle(caused);
  const end = (failed: boolean) => span.end(`process ${queue}`, about(event, 'process', queue), failed);
  try {
    await handle({ ...caused, traceparent: span.traceparent });
    end(false);
  } catch (error) {
    end(true);
    throw error;
  }
}

const about = (event: NewEvent, operation: 'publish' | 'process', destination: string): SpanAttributes => ({
  'messaging.system': 'rabbitmq',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation === 'publish' ? 'send' : 'process',
  'messaging.destination.name': destination,
  'messaging.rabbitmq.destination.routing_key': event.type,
  'messaging.message.id': event.id,
});
