import type { Spans } from './spans.ts';
import type { TraceContext } from './trace.ts';

/** The span of one call to another service. */
export interface CallSpan {
  /** What the call passes on. */
  trace: TraceContext | undefined;
  /** Ends it with the status of the reply, or with the code of the failure. */
  end(outcome: number | string): void;
}

/** The part of a request that its span shows. The query is left out: it may carry secrets. */
interface Call {
  service: string;
  method: string;
  path: string;
  trace?: TraceContext;
}

/** Begins the span of a call, if its trace is sampled. */
export function beginCall(spans: Spans, { service, method, path, trace }: Call): CallSpan {
  const span = spans.begin('client', trace?.traceparent);
  if (span === null) return { trace, end: () => {} };
  return {
    trace: { ...trace, traceparent: span.traceparent },
    end: (outcome) => {
      // By the conventions any status from 400 on is a failure of a client's span.
      const failed = typeof outcome === 'string' || outcome >= 400;
      span.end(
        method,
        {
          'http.request.method': method,
          'server.address': service,
          'url.path': path.split('?', 1)[0]?.slice(0, 256) ?? '',
          ...(typeof outcome === 'number' ? { 'http.response.status_code': outcome } : {}),
          ...(failed ? { 'error.type': String(outcome) } : {}),
        },
        failed,
      );
    },
  };
}
