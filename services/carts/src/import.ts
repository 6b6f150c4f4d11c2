import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Values } from '@banyan/kit/fields';
import { Moment, type MovedResource, microsIn, momentOf, type State } from '@banyan/kit/import';
import { type KeptReply, ReplyState, redisReplies, replyIn, replyStateOf } from '@banyan/kit/once';
import type { RedisTx } from '@banyan/kit/redis-ledger';
import Type, { type Static } from '@banyan/kit/typebox';
import { type Cart, expiryMs, type Line } from './cart.ts';
import { flows } from './contract.ts';
import { deleteCart, type Keys, keepReply, readCarts, writeCart } from './rows.ts';

const Id = Type.String({ minLength: 36, maxLength: 36 });
const Nullable = Type.Union([Type.String(), Type.Null()]);

/** By the id of the field. Absent: there are none. */
const FieldsState = Type.Optional(Type.Record(Type.String(), Type.Unknown()));
const TaxState = Type.Object({
  id: Id,
  name: Nullable,
  jurisdiction: Nullable,
  code: Nullable,
  // A number of the API's JSON, which both sides keep as a double.
  rate: Type.Number({ minimum: 0 }),
});
const LineState = Type.Object({
  id: Id,
  type: Type.Enum(['cart_item', 'custom_item']),
  product_id: Type.Union([Id, Type.Null()]),
  name: Type.String(),
  sku: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  quantity: Type.Integer({ minimum: 1 }),
  manage_stock: Type.Boolean(),
  unit_amount: Type.Integer({ minimum: 0 }),
  includes_tax: Type.Boolean(),
  created_at: Moment,
  updated_at: Moment,
  taxes: Type.Array(TaxState),
  fields: FieldsState,
});
const CodeState = Type.Object({
  id: Id,
  promotion_id: Id,
  code: Type.String(),
  name: Type.String(),
  description: Type.String(),
  created_at: Moment,
});

/** A cart as it travels: with its lines in their order, their taxes, its promotion codes, values of fields, and what it replied to keyed requests. */
const CartState = Type.Object({
  /** Null: there are only replies. */
  cart: Type.Union([
    Type.Object({
      name: Nullable,
      description: Nullable,
      currency: Nullable,
      created_at: Moment,
      updated_at: Moment,
      /** In the order of their ids. */
      customers: Type.Array(Id),
      lines: Type.Array(LineState),
      /** Promotion codes, in the order of their creation, then of their ids. */
      codes: Type.Array(CodeState),
      fields: FieldsState,
    }),
    Type.Null(),
  ]),
  /** In the order of their hashes. */
  replies: Type.Array(ReplyState),
});
type CartState = Static<typeof CartState>;

/** How carts move between the monolith and this service. Transitional. */
export function cartsImport(keys: Keys, now: Clock): MovedResource<RedisTx> {
  const resource: MovedResource<RedisTx, CartState> = {
    name: 'carts',
    group: 'carts',
    schema: CartState,
    apply: async (tx, changes) => {
      const ids = changes.map(({ key }) => key);
      const there = await tx.peek((client) => readCarts(client, keys, ids));
      for (const [index, { key, state }] of changes.entries()) {
        const before = there[index]?.cart;
        if (before !== undefined) deleteCart(tx, keys, before);
        if (state?.cart) writeCart(tx, keys, undefined, cartOf(key, state.cart));
        for (const reply of state?.replies ?? []) await keepReply(tx, keys, now, key, replyIn(reply));
      }
    },
    read: async (tx, ids) => {
      const carts = await tx.peek((client) => readCarts(client, keys, ids));
      const replies = await redisReplies(tx, now).ofOwners(ids, microsOf(now()));
      const states = ids.map((id, index): [string, CartState] => {
        const cart = carts[index]?.cart;
        const there = cart === undefined || expiryMs(cart) <= now() ? undefined : cart;
        const kept = replies.get(id) ?? [];
        return [
          id,
          {
            cart: there === undefined ? null : stateOf(there),
            replies: kept.filter((reply) => movesWith(there, reply)).map(replyStateOf),
          },
        ];
      });
      return new Map(states.filter(([, { cart, replies: some }]) => cart !== null || some.length > 0));
    },
    keys: (tx, { after, to, limit }) =>
      tx.peek((client) =>
        client.zrange(
          ...([keys.ids, after === null ? '-' : `(${after}`, to === null ? '+' : `[${to}`] as const),
          ...(['BYLEX', 'LIMIT', 0, limit] as const),
        ),
      ),
    displaced: async () => 0,
  };
  return resource as unknown as MovedResource<RedisTx, State>;
}

const lineEntries = `/v2/flows/${flows.lines}/entries`;

/** A reply about an entry of a line moves with the cart for as long as the line is in it, and others in any case. */
function movesWith(cart: Cart | undefined, { path, reply }: KeptReply): boolean {
  if (path !== lineEntries) return true;
  const { data } = JSON.parse(reply) as { data?: { id?: unknown } };
  return cart?.lines.some(({ id }) => id === data?.id) === true;
}

function cartOf(
  id: string,
  { created_at, updated_at, lines, codes, fields = {}, ...state }: NonNullable<CartState['cart']>,
): Cart {
  return {
    id,
    ...state,
    createdAt: microsIn(created_at),
    updatedAt: microsIn(updated_at),
    values: fields,
    codes: codes.map(({ promotion_id, created_at: made, ...code }) => ({
      ...code,
      promotionId: promotion_id,
      createdAt: microsIn(made),
    })),
    lines: lines.map(
      ({
        product_id,
        manage_stock,
        unit_amount,
        includes_tax,
        created_at: made,
        updated_at: changed,
        fields: values = {},
        ...line
      }): Line => ({
        ...line,
        values,
        productId: product_id,
        manageStock: manage_stock,
        unitAmount: unit_amount,
        includesTax: includes_tax,
        createdAt: microsIn(made),
        updatedAt: microsIn(changed),
      }),
    ),
  };
}

function stateOf({
  id: _id,
  createdAt,
  updatedAt,
  customers,
  lines,
  codes,
  values,
  ...cart
}: Cart): NonNullable<CartState['cart']> {
  return {
    ...cart,
    ...fieldsOf(values),
    created_at: momentOf(createdAt),
    updated_at: momentOf(updatedAt),
    customers: [...customers],
    codes: codes.map(({ promotionId, createdAt: made, ...code }) => ({
      ...code,
      promotion_id: promotionId,
      created_at: momentOf(made),
    })),
    lines: lines.map(
      ({ productId, manageStock, unitAmount, includesTax, createdAt: made, updatedAt: changed, ...own }) => {
        const { taxes, values: given, ...line } = own;
        return {
          ...line,
          ...fieldsOf(given),
          taxes: [...taxes],
          product_id: productId,
          manage_stock: manageStock,
          unit_amount: unitAmount,
          includes_tax: includesTax,
          created_at: momentOf(made),
          updated_at: momentOf(changed),
        };
      },
    ),
  };
}

const fieldsOf = (values: Values) => (Object.keys(values).length === 0 ? {} : { fields: { ...values } });
