import { badRequest, isUuid, type Micros } from '@banyan/kit/api';
import { causeOf } from '@banyan/kit/facts';
import type { Entities, Entity, ValuesChange } from '@banyan/kit/fields';
import type { Cart, Line } from './cart.ts';
import type { Draft } from './draft.ts';
import { changeIn, type Handlers } from './handlers.ts';
import { askedFor } from './showing.ts';
import type { Changes, Store } from './store.ts';

type Owner = Cart | Line;

/** No cart has this id. */
const noCart = '\0';

/** Where the values are that an id names. */
interface Place {
  cartId: string;
  find(cart: Cart): Owner | undefined;
  put(draft: Draft, change: ValuesChange, at: Micros | null): void;
}
/** Undefined: there is no such place. */
type PlaceOf = (id: string) => Promise<Place | undefined>;

/** Carts, as far as the routes of fields know them. */
export function cartEntities(handlers: Handlers): Entities {
  return {
    page: async (_liveOnly, page) => {
      const { carts, total } = await handlers.store.oldest(page);
      return { entities: carts.map(entityOf), total };
    },
    ...changing(handlers, async (id) => {
      if (id.includes('\0')) throw badRequest('The request holds a value that cannot be stored');
      return placeOfCart(id);
    }),
    changeOnce: async ({ request, reply }, id, at, work, shown) => {
      if (id.includes('\0')) throw badRequest('The request holds a value that cannot be stored');
      const change = { at, caused: request.headers, work };
      return handlers.once(request, reply, id, async (changes) =>
        shown(await changeOne(handlers, placeOfCart(id), changes, change)),
      );
    },
  };
}

/** The lines of all carts, each by its own id. */
export function lineEntities(handlers: Handlers): Entities {
  const { store } = handlers;
  const placeOf: PlaceOf = async (id) => {
    if (!isUuid(id)) return undefined;
    const found = await store.findLine(id.toLowerCase());
    return found && placeOfLine(found.cart.id, found.line.id);
  };
  return {
    page: async (_liveOnly, page) => {
      const { lines, total } = await store.oldestLines(page);
      return { entities: lines.map(entityOf), total };
    },
    ...changing(handlers, placeOf),
    changeOnce: async ({ request, reply }, id, at, work, shown) => {
      const place = await placeOf(id);
      const change = { at, caused: request.headers, work };
      // A line may be gone when its request is repeated. What was replied is found by its key, in any transaction.
      return handlers.once(request, reply, place?.cartId ?? noCart, async (changes) =>
        shown(place && (await changeOne(handlers, place, changes, change))),
      );
    },
  };
}

/** The lines of one cart. An id is that of the cart, a NUL, which no id of a cart has, and that of the line. */
export function linesOfCarts(handlers: Handlers): Pick<Entities, 'find' | 'change'> {
  return changing(handlers, async (id) => {
    const [cartId = '', lineId = ''] = id.split('\0');
    return placeOfLine(cartId, lineId);
  });
}

const placeOfCart = (cartId: string): Place => ({
  cartId,
  find: (cart) => cart,
  put: (draft, { values, given }) => {
    draft.cart = { ...draft.cart, values };
    draft.given = { ...draft.given, cart: given };
  },
});

const placeOfLine = (cartId: string, lineId: string): Place => ({
  cartId,
  find: (cart) => cart.lines.find((line) => line.id === lineId),
  put: (draft, { values, given }, at) => {
    const line = draft.require(lineId);
    draft.replaceValues(line, values, at === null ? line.updatedAt : draft.now);
    draft.given = { ...draft.given, lines: new Map([[lineId, given]]) };
  },
});

function changing(handlers: Handlers, placeOf: PlaceOf): Pick<Entities, 'find' | 'change'> {
  const { store, now } = handlers;
  return {
    find: async (id) => {
      const place = await placeOf(id);
      const [cart] = place === undefined ? [] : await store.read([place.cartId]);
      const owner = cart && place?.find(cart);
      return owner && entityOf(owner);
    },
    change: async (id, at, caused, work) => {
      const place = await placeOf(id);
      if (place === undefined) return undefined;
      return store.transaction(place.cartId, causeOf(caused, now()), (changes) =>
        changeOne(handlers, place, changes, { at, caused, work }),
      );
    },
  };
}

interface Change {
  at: Micros | null;
  caused: Parameters<Entities['change']>[2];
  work: Parameters<Entities['change']>[3];
}

async function changeOne(handlers: Handlers, place: Place, changes: Changes, { at, caused, work }: Change) {
  const before = await changes.find();
  const owner = before && place.find(before);
  if (before === undefined || owner === undefined) return undefined;
  const change = work(entityOf(owner));
  const { cart } = await changeIn(handlers, askedFor(handlers, caused), changes, place.cartId, (draft) => {
    place.put(draft, change, at);
    if (at === null) draft.cart = { ...draft.cart, updatedAt: before.updatedAt };
  });
  const after = cart && place.find(cart);
  return after && entityOf(after);
}

const entityOf = ({ id, createdAt, updatedAt, values }: Owner): Entity => ({ id, createdAt, updatedAt, values });

/** Those of the ids that exist, by the type of links to them. */
export function existingIn(store: Pick<Store, 'read' | 'findLine'>) {
  return {
    cart: async (ids: readonly string[]) => {
      const carts = await store.read(ids);
      return ids.filter((_, index) => carts[index] !== undefined);
    },
    cart_item: async (ids: readonly string[]) => {
      const lines = await Promise.all(ids.map((id) => (isUuid(id) ? store.findLine(id.toLowerCase()) : undefined)));
      return ids.filter((_, index) => lines[index] !== undefined);
    },
  };
}
