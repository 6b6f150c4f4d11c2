import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Field, NewValues } from '@banyan/kit/fields';
import { emptyCart } from './cart.ts';
import { Draft } from './draft.ts';
import { type Goods, NotAsked } from './goods.ts';
import type { ReplyOnce } from './once.ts';
import { type Asked, type Showing, shownWhole } from './showing.ts';
import type { Changes, Store } from './store.ts';
import type { Cell } from './unique.ts';
import type { ShownWhole } from './view.ts';

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

/** Changes the cart of a transaction, and returns it as it is then. Creates it if there is none. */
export async function changeIn(
  handlers: Handlers,
  asked: Asked,
  changes: Changes,
  id: string,
  work: (draft: Draft) => void,
): Promise<ShownWhole> {
  const at = microsOf(handlers.now());
  const draft = new Draft((await changes.find()) ?? emptyCart(id, at), at);
  work(draft);
  const cart = draft.result;
  await changes.requireUnique(await cellsOf(handlers, asked, id, draft));
  const shown = await shownWhole(handlers, asked, { id, cart, messages: draft.messages });
  await changes.put(cart, shown);
  return shown;
}

/** The values of unique fields that a change sets. Fields are known by then: they were needed to check the values. */
async function cellsOf({ cartFields, lineFields }: Handlers, { headers }: Asked, id: string, draft: Draft) {
  const { given, lines } = draft;
  const ofLines = [...given.lines].filter(([line]) => lines.some((one) => one.id === line));
  const cells = (owner: string, kind: Cell['kind'], fields: readonly Field[], values: NewValues): Cell[] =>
    fields.flatMap((field) => {
      const value = field.unique ? (values.get(field.id) ?? null) : null;
      return value === null ? [] : [{ owner, kind, field, value }];
    });
  if (given.cart.size + ofLines.length === 0) return [];
  const [ofCart, ofLine] = await Promise.all([cartFields.shown(headers), lineFields.shown(headers)]);
  return [
    ...cells(id, 'cart', ofCart?.fields ?? [], given.cart),
    ...ofLines.flatMap(([line, values]) => cells(line, 'line', ofLine?.fields ?? [], values)),
  ];
}

/** Changes a cart in a transaction of its own. */
export function changeCart(
  handlers: Handlers,
  asked: Asked,
  id: string,
  work: (draft: Draft) => void,
): Promise<ShownWhole> {
  const cause = causeOf(asked.headers, handlers.now());
  return handlers.store.transaction(id, cause, (changes) => changeIn(handlers, asked, changes, id, work));
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
