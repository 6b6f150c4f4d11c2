import { asMeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import { retryableHeader } from '../policy/retry-policy.ts';
import { errorReply } from '../reply.ts';

/** Retry-After in seconds, sent when no instance can serve the request now. */
const retryAfterS = 1;

/** Turns every failure into a reply that a client of a JSON API can read. */
export function rescue(): Layer {
  return {
    name: 'rescue',
    scope: 'request',
    sentence: 'Replies to every failure inside it with a status and a JSON error, and notes the cause.',
    inside: [
      { name: 'access log', reason: 'a request that failed is logged like any other' },
      { name: 'tracing', reason: 'a request that failed leaves a span like any other' },
      { name: 'tap', reason: 'a request that failed is shown like any other' },
      { name: 'error tracking', reason: 'this layer reports failures to it' },
      { name: 'request metrics', reason: 'a request that failed is counted like any other' },
    ],
    wrap: (next) => async (exchange) => {
      const { facts } = exchange;
      try {
        const reply = await next(exchange);
        reply.body.onEnd(({ error }) => {
          if (error !== null) facts.failure ??= error;
        });
        return reply;
      } catch (thrown) {
        const error = asMeshError(thrown);
        facts.failure ??= error;
        const { status, title } = error.row;
        const waitS = error.retryAfterS ?? (status === 503 ? retryAfterS : null);
        const fields = [...(exchange.failureHeaders ?? []), ...(waitS === null ? [] : ['retry-after', String(waitS)])];
        // Retries by callers further out do not help a service that sheds load.
        if (error.code === 'overloaded' && facts.entrance.side === 'east-west') fields.push(retryableHeader, 'false');
        return errorReply(status, title, error.detail, fields);
      }
    },
  };
}
