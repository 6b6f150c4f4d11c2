import type { Clock } from './clock.ts';
import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Handler } from './layer.ts';
import type { Reply } from './reply.ts';

/** `next(exchange)`, aborted with `expired()` if the reply is not whole after `limitMs`. */
export async function withTimeLimit(
  clock: Clock,
  limitMs: number,
  expired: () => MeshError,
  exchange: Exchange,
  next: Handler,
): Promise<Reply> {
  const cancel = clock.after(limitMs, () => exchange.abort(expired()));
  try {
    const reply = await next(exchange);
    // A tunnel has no time limit.
    if (reply.tunneled) cancel();
    else reply.body.onEnd(cancel);
    return reply;
  } catch (thrown) {
    cancel();
    throw thrown;
  }
}
