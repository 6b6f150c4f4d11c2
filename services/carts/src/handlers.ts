import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { emptyCart } from './cart.ts';
import { Draft } from './draft.ts';
import { type Goods, NotAsked } from './goods.ts';
import type { ReplyOnce } from './once.ts';
import type { Showing } from './showing.ts';
import type { Changes, Store } from './store.ts';

/** What the routes of this service share. */
export interface Handlers extends Showing {
  store: Store;
  once: ReplyOnce;
  now: Clock;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The currency of `X-MOLTIN-CURRENCY`. */
    currency: string | undefined;
  }
}

export interface ByCart {
  Params: { ref: string };
}
export interface ByItem {
  Params: { ref: string; item: string };
}

/** A cart that changes this often while one request asks about it is left alone. */
const maxRounds = 10;

/** A cart after a change, and what the reply tells about it. */
export type Changed = Pick<Draft, 'cart' | 'messages'>;

/** Changes the cart of a transaction. Creates it if there is none. */
export async function changeIn(
  { now }: Pick<Handlers, 'now'>,
  changes: Changes,
  id: string,
  work: (draft: Draft) => void,
): Promise<Changed> {
  const at = microsOf(now());
  const draft = new Draft((await changes.find()) ?? emptyCart(id, at), at);
  work(draft);
  const cart = draft.result;
  await changes.put(cart);
  return { cart, messages: draft.messages };
}

/** Changes a cart in a transaction of its own. */
export function changeCart(handlers: Handlers, id: string, work: (draft: Draft) => void): Promise<Changed> {
  return handlers.store.transaction(id, (changes) => changeIn(handlers, changes, id, work));
}

/** Repeats an attempt that met something that was not asked for, after asking for it. */
export async function asking<Result>(goods: Goods, attempt: () => Promise<Result>): Promise<Result> {
  for (let round = 1; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotAsked) || round === maxRounds) throw error;
      await goods.ask(error.need);
    }
  }
}
