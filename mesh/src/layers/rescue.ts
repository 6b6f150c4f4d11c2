import { asMeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import { retryableHeader } from '../policy/retry-policy.ts';
import { errorReply } from '../reply.ts';

/** Seconds after which a client may as well try again, where nobody can serve it now. */
const retryAfterS = 1;

/** Turns every failure into an answer that a client of a JSON API can read. */
export function rescue(): Layer {
  return {
    name: 'rescue',
    scope: 'request',
    sentence: 'Answers what failed inside it with a status and a JSON error, and notes the cause.',
    inside: [
      { name: 'access log', reason: 'a request that failed is logged like any other' },
      { name: 'tracing', reason: 'a request that failed leaves a span like any other' },
      { name: 'tap', reason: 'a request that failed is shown like any other' },
      { name: 'error tracking', reason: 'it hears of failures from here' },
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
        // Who sheds load is not helped by callers of callers that try again.
        if (error.code === 'overloaded' && facts.entrance.side === 'east-west') fields.push(retryableHeader, 'false');
        return errorReply(status, title, error.detail, fields);
      }
    },
  };
}
