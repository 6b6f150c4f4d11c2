import type { Page } from '@banyan/kit/api';
import type { Redis } from 'ioredis';
import type { Cart, Line } from './cart.ts';
import { type Keys, readCarts } from './rows.ts';

/**
 * A page of the ids of carts, the oldest first, then by id. The index has the newest first: read backwards, carts of one
 * moment are in the wrong order, so those are read once more, forwards.
 */
export async function oldestCarts(client: Redis, keys: Keys, { offset, limit }: Page): Promise<string[]> {
  if (limit === 0) return [];
  const key = keys.created;
  const rows = await client.zrange(key, String(offset), String(offset + limit - 1), 'REV', 'WITHSCORES');
  const groups: { score: string; ids: string[] }[] = [];
  for (let at = 0; at < rows.length; at += 2) {
    const [id = '', score = ''] = [rows[at], rows[at + 1]];
    if (groups.at(-1)?.score === score) groups.at(-1)?.ids.push(id);
    else groups.push({ score, ids: [id] });
  }
  const pages = await Promise.all(
    groups.map(async ({ score, ids }, index) => {
      const isCut = index === 0 || index === groups.length - 1;
      if (!isCut && ids.length === 1) return ids;
      const older = await client.zcount(key, `(${score}`, '+inf');
      const from = Math.max(0, offset - older);
      return client.zrange(key, score, score, 'BYSCORE', 'LIMIT', String(from), String(ids.length));
    }),
  );
  return pages.flat();
}

/** Lines by their ids, with what each cart is. Those that are gone are left out. */
export async function linesOf(
  client: Redis,
  keys: Keys,
  ids: readonly string[],
  isLive: (cart: Cart) => boolean,
): Promise<{ cart: Cart; line: Line }[]> {
  if (ids.length === 0) return [];
  const places = await client.hmget(keys.lineCart, ...ids);
  const cartIds = [...new Set(places.filter((id) => id !== null))];
  const carts = new Map(
    (await readCarts(client, keys, cartIds)).flatMap((one) => (one ? [[one.cart.id, one.cart]] : [])),
  );
  return ids.flatMap((id, index) => {
    const cart = carts.get(places[index] ?? '');
    const line = cart && isLive(cart) ? cart.lines.find((one) => one.id === id) : undefined;
    return cart && line ? [{ cart, line }] : [];
  });
}
