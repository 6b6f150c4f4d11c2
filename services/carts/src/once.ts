import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import { replyOnce as replyOnceIn } from '@banyan/kit/once';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cartsErrors } from './errors.ts';
import type { Changes, Store } from './store.ts';

/**
 * Sends the reply to a request whose work happens in one transaction of a cart: see `replyOnce` of the kit. `work`
 * resolves with the reply's body. What is kept moves with the cart, refusals too.
 */
export type ReplyOnce = (
  request: FastifyRequest,
  reply: FastifyReply,
  cartId: string,
  work: (changes: Changes) => Promise<unknown>,
) => Promise<FastifyReply>;

export function replyOnce(store: Pick<Store, 'transaction'>, now: Clock): ReplyOnce {
  return (request, reply, cartId, work) =>
    replyOnceIn<Changes>(
      { request, reply, errors: cartsErrors, now },
      {
        transaction: (work) => store.transaction(cartId, causeOf(request.headers, now()), work),
        replies: (changes) => changes.replies,
      },
      async (changes) => ({ body: await work(changes) }),
    );
}
