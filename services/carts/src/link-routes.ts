import { causeOf } from '@banyan/kit/facts';
import { addFieldLinkRoutes, type Entities, type Entity, type Values } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import type { Cart, Line } from './cart.ts';
import type { Draft } from './draft.ts';
import { notFound } from './errors.ts';
import { changeIn, type Handlers } from './handlers.ts';
import { askedFor } from './showing.ts';

type Owner = Cart | Line;

/** Where the values are that an id in a path names. */
interface Place {
  cartId: string;
  find(cart: Cart): Owner | undefined;
  put(draft: Draft, values: Values): void;
}

/** The links of relationship fields that an operator added to carts and to their lines. */
export function addLinkRoutes(server: Server, handlers: Handlers): void {
  const { cartFields, lineFields, now } = handlers;
  addFieldLinkRoutes(server, '/v2/carts/:ref', 200, {
    idOf: ({ ref = '' }) => ref,
    entities: entitiesOf(handlers, (cartId) => ({
      cartId,
      find: (cart) => cart,
      put: (draft, values) => {
        draft.cart = { ...draft.cart, values };
      },
    })),
    ...{ fields: cartFields, now, missing: () => notFound('The requested cart could not be found') },
  });
  addFieldLinkRoutes(server, '/v2/carts/:ref/items/:item', 200, {
    // Ids of carts have no NUL.
    idOf: ({ ref = '', item = '' }) => `${ref}\0${item.toLowerCase()}`,
    entities: entitiesOf(handlers, (id) => {
      const [cartId = '', lineId = ''] = id.split('\0');
      return {
        cartId,
        find: (cart) => cart.lines.find((line) => line.id === lineId),
        put: (draft, values) => draft.replaceValues(draft.require(lineId), values),
      };
    }),
    ...{ fields: lineFields, now, missing: () => notFound('The requested cart item could not be found') },
  });
}

function entitiesOf(handlers: Handlers, placeOf: (id: string) => Place): Pick<Entities, 'find' | 'change'> {
  const { store } = handlers;
  return {
    find: async (id) => {
      const { cartId, find } = placeOf(id);
      const [cart] = await store.read([cartId]);
      const owner = cart && find(cart);
      return owner && entityOf(owner);
    },
    change: async (id, _at, caused, work) => {
      const { cartId, find, put } = placeOf(id);
      return store.transaction(cartId, causeOf(caused, handlers.now()), async (changes) => {
        const cart = await changes.find();
        const owner = cart && find(cart);
        if (owner === undefined) return undefined;
        const { values } = work(entityOf(owner));
        await changeIn(handlers, askedFor(handlers, caused), changes, cartId, (draft) => put(draft, values));
        return { ...entityOf(owner), values };
      });
    },
  };
}

const entityOf = ({ id, createdAt, updatedAt, values }: Owner): Entity => ({ id, createdAt, updatedAt, values });
