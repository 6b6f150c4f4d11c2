import type { Clock } from '@banyan/kit/clock';
import type { Values } from '@banyan/kit/fields';
import { type KeptReply, redisReplies, replyUntilMs } from '@banyan/kit/once';
import type { RedisTx } from '@banyan/kit/redis-ledger';
import type { ChainableCommander, Redis } from 'ioredis';
import { type Cart, type EnteredCode, expiryMs, type Line } from './cart.ts';

/** A key of the cart with an id, or one of the indexes. Ids are the last part: clients choose them. */
export const keysOf = (prefix: string) => ({
  /** Hash of the cart's members. `revision` is another one after each change. */
  cart: (id: string) => `${prefix}cart:${id}`,
  /** Hash of its lines, each with its taxes, by id. */
  lines: (id: string) => `${prefix}lines:${id}`,
  /** ZSET of the ids of its lines, in their order. */
  order: (id: string) => `${prefix}order:${id}`,
  /** SET of its customers. */
  customers: (id: string) => `${prefix}customers:${id}`,
  /** SET of the ids of a customer's carts. */
  cartsOf: (customerId: string) => `${prefix}carts_of:${customerId}`,
  /** ZSET of carts, the newest first, then by id. */
  created: `${prefix}created`,
  /** ZSET of carts by the moment in which they expire, ms. */
  expiry: `${prefix}expiry`,
  /** ZSET of carts that have values of fields, by the moment in which they expire, ms. */
  valued: `${prefix}valued`,
  /** ZSET of the ids of all lines by their creation, then by id. */
  lineCreated: `${prefix}line_created`,
  /** ZSET of the same by the moment in which their cart expires, ms. */
  lineUntil: `${prefix}line_until`,
  /** HASH of the ids of carts by those of their lines. */
  lineCart: `${prefix}line_cart`,
  /** Set once the indexes of lines hold all of them. */
  linesIndexed: `${prefix}lines_indexed`,
  /** A number that rises with each write of a unique field. */
  unique: (fieldId: string) => `${prefix}unique:${fieldId}`,
  /** ZSET of what moves, in bytewise order: carts, and carts that are gone but for their replies. */
  ids: `${prefix}ids`,
  /** ZSET of the same by the moment in which they are forgotten, ms. */
  until: `${prefix}until`,
});
export type Keys = ReturnType<typeof keysOf>;

/** A cart as the store has it, with its revision. */
export interface Stored {
  cart: Cart;
  revision: string;
}

/** Adds the reads of one cart to a MULTI: four commands. */
export function readCart(multi: ChainableCommander, keys: Keys, id: string): ChainableCommander {
  return multi
    .hgetall(keys.cart(id))
    .hgetall(keys.lines(id))
    .zrange(keys.order(id), '0', '-1')
    .smembers(keys.customers(id));
}

/** Reads carts as they are at one moment, expired ones included. */
export async function readCarts(client: Redis, keys: Keys, ids: readonly string[]): Promise<(Stored | undefined)[]> {
  if (ids.length === 0) return [];
  const multi = client.multi();
  for (const id of ids) readCart(multi, keys, id);
  const replies = (await multi.exec()) ?? [];
  const values = replies.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
  return ids.map((id, index) => storedOf(id, values.slice(4 * index, 4 * index + 4)));
}

type Members = Readonly<Record<string, string>>;

function storedOf(id: string, values: readonly unknown[]): Stored | undefined {
  const [members, lines, order, customers] = values as [Members, Members, string[], string[]];
  if (members.revision === undefined) return undefined;
  const cart: Cart = {
    id,
    name: members.name ?? null,
    description: members.description ?? null,
    currency: members.currency ?? null,
    createdAt: Number(members.created_at),
    updatedAt: Number(members.updated_at),
    customers: [...customers].sort(),
    codes: JSON.parse(members.codes ?? '[]') as EnteredCode[],
    values: JSON.parse(members.values ?? '{}') as Values,
    lines: order.flatMap((lineId) => (lines[lineId] === undefined ? [] : [JSON.parse(lines[lineId]) as Line])),
  };
  return { cart, revision: members.revision };
}

/** Writes what differs between what is stored and a cart. `before` is undefined if the cart starts afresh. */
export function writeCart(tx: RedisTx, keys: Keys, before: Cart | undefined, cart: Cart): void {
  const { id } = cart;
  const untilMs = expiryMs(cart);
  if (before === undefined) tx.write('DEL', keys.lines(id), keys.order(id), keys.customers(id));
  tx.write('DEL', keys.cart(id));
  tx.write('HSET', keys.cart(id), ...membersOf(cart, tx.id));
  writeLines(tx, keys, before?.lines ?? [], cart);
  writeCustomers(tx, keys, before?.customers ?? [], cart, untilMs);
  for (const key of [keys.cart, keys.lines, keys.order, keys.customers]) tx.write('PEXPIREAT', key(id), untilMs);
  tx.write('ZADD', keys.created, -cart.createdAt, id);
  tx.write('ZADD', keys.expiry, untilMs, id);
  const hasValues = [cart, ...cart.lines].some(({ values }) => Object.keys(values).length > 0);
  if (hasValues) tx.write('ZADD', keys.valued, untilMs, id);
  else if (before !== undefined) tx.write('ZREM', keys.valued, id);
  tx.write('ZADD', keys.ids, 0, id);
  tx.write('ZADD', keys.until, 'GT', untilMs, id);
}

/** Deletes a cart. What it replied to requests with an Idempotency-Key stays. */
export function deleteCart(tx: RedisTx, keys: Keys, { id, customers, lines }: Cart): void {
  tx.write('DEL', keys.cart(id), keys.lines(id), keys.order(id), keys.customers(id));
  for (const customer of customers) tx.write('SREM', keys.cartsOf(customer), id);
  tx.write('ZREM', keys.created, id);
  tx.write('ZREM', keys.expiry, id);
  tx.write('ZREM', keys.valued, id);
  forgetLines(tx, keys, lines);
}

function forgetLines(tx: RedisTx, keys: Keys, lines: readonly Pick<Line, 'id'>[]): void {
  if (lines.length === 0) return;
  const ids = lines.map(({ id }) => id);
  tx.write('ZREM', keys.lineCreated, ...ids);
  tx.write('ZREM', keys.lineUntil, ...ids);
  tx.write('HDEL', keys.lineCart, ...ids);
}

function membersOf(
  { name, description, currency, createdAt, updatedAt, codes, values }: Cart,
  revision: string,
): (string | number)[] {
  return [
    ...['revision', revision, 'created_at', createdAt, 'updated_at', updatedAt],
    ...(name === null ? [] : ['name', name]),
    ...(description === null ? [] : ['description', description]),
    ...(currency === null ? [] : ['currency', currency]),
    ...(Object.keys(values).length === 0 ? [] : ['values', JSON.stringify(values)]),
    ...(codes.length === 0 ? [] : ['codes', JSON.stringify(codes)]),
  ];
}

function writeLines(tx: RedisTx, keys: Keys, before: readonly Line[], cart: Cart): void {
  const { id, lines } = cart;
  const [earlier, later] = [new Set(before), new Set(lines.map((line) => line.id))];
  const left = before.filter((line) => !later.has(line.id));
  const gone = left.map((line) => line.id);
  // Lines are never changed in place: one that is the same object is the same.
  const changed = lines.filter((line) => !earlier.has(line));
  if (gone.length > 0) tx.write('HDEL', keys.lines(id), ...gone);
  forgetLines(tx, keys, left);
  // A cart lives longer with each change, and so do its lines.
  if (lines.length > 0) {
    const untilMs = expiryMs(cart);
    tx.write('ZADD', keys.lineUntil, ...lines.flatMap((line) => [untilMs, line.id]));
  }
  const added = lines.filter((line) => !before.some((one) => one.id === line.id));
  if (added.length > 0) {
    tx.write('ZADD', keys.lineCreated, ...added.flatMap((line) => [line.createdAt, line.id]));
    tx.write('HSET', keys.lineCart, ...added.flatMap((line) => [line.id, id]));
  }
  if (changed.length > 0) {
    tx.write('HSET', keys.lines(id), ...changed.flatMap((line) => [line.id, JSON.stringify(line)]));
  }
  if (before.length === lines.length && before.every((line, index) => line.id === lines[index]?.id)) return;
  tx.write('DEL', keys.order(id));
  if (lines.length > 0) tx.write('ZADD', keys.order(id), ...lines.flatMap((line, index) => [index, line.id]));
}

function writeCustomers(
  tx: RedisTx,
  keys: Keys,
  before: readonly string[],
  { id, customers }: Cart,
  untilMs: number,
): void {
  const gone = before.filter((customer) => !customers.includes(customer));
  const added = customers.filter((customer) => !before.includes(customer));
  if (gone.length > 0) tx.write('SREM', keys.customers(id), ...gone);
  for (const customer of gone) tx.write('SREM', keys.cartsOf(customer), id);
  if (added.length > 0) tx.write('SADD', keys.customers(id), ...added);
  for (const customer of added) tx.write('SADD', keys.cartsOf(customer), id);
  for (const customer of customers) {
    // GT leaves a key without an expiry as it is.
    tx.write('PEXPIREAT', keys.cartsOf(customer), untilMs, 'NX');
    tx.write('PEXPIREAT', keys.cartsOf(customer), untilMs, 'GT');
  }
}

/** Keeps a reply of the cart with an id: the cart moves for as long, even if it is gone but for its replies. */
export async function keepReply(tx: RedisTx, keys: Keys, now: Clock, cartId: string, reply: KeptReply): Promise<void> {
  await redisReplies(tx, now).keep(reply, cartId);
  tx.write('ZADD', keys.ids, 0, cartId);
  tx.write('ZADD', keys.until, 'GT', replyUntilMs(reply), cartId);
}
