import { randomUUID } from 'node:crypto';
import { microsOf, type Page } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Cause } from '@banyan/kit/facts';
import { type Moves, openMoves, type Version } from '@banyan/kit/import';
import type { Published } from '@banyan/kit/messages';
import { type KeptReplies, redisReplies } from '@banyan/kit/once';
import { openRedis } from '@banyan/kit/redis';
import { type RedisTx, redisLedger } from '@banyan/kit/redis-ledger';
import { type Cart, cartLifetimeMs, expiryMs, type Line } from './cart.ts';
import { factOfCart } from './facts.ts';
import { cartsImport } from './import.ts';
import { Lanes } from './lanes.ts';
import { linesOf, oldestCarts } from './lists.ts';
import { deleteCart, keepReply, keysOf, readCarts, writeCart } from './rows.ts';
import { type Cell, requireUnique } from './unique.ts';
import type { ShownWhole } from './view.ts';

/** The numbered files of functions of this service's store. */
export const schemaFolder = new URL('../schema/', import.meta.url);

/** What a transaction may read and write. It is repeated when another one has changed the same cart meanwhile. */
export interface Changes {
  /** The cart; undefined if there is none or it has expired. */
  find(): Promise<Cart | undefined>;
  /** @param shown the cart, for those that hear of the change */
  put(cart: Cart, shown: ShownWhole): Promise<void>;
  /** @throws ServiceError `validation_failed`: another cart or line has one of the values */
  requireUnique(cells: readonly Cell[]): Promise<void>;
  /** Deletes the cart, if there is one. */
  delete(): Promise<void>;
  /** Replies to keyed requests, which move with the cart. */
  replies: Pick<KeptReplies, 'claim' | 'keep'>;
}

export interface Store {
  /** Carts by their ids, as they are at one moment; undefined for those that do not exist or have expired. */
  read(ids: readonly string[]): Promise<(Cart | undefined)[]>;
  /** A page of all carts, or of a customer's, the newest first; and how many there are. */
  list(customerId: string | null, page: Page): Promise<{ carts: Cart[]; total: number }>;
  /**
   * Every write happens in one, and what has changed is told to the others. `work` may be repeated.
   *
   * @param cause the request
   * @throws ServiceError `misdirected` while another system owns the carts
   */
  transaction<Result>(cartId: string, cause: Cause, work: (changes: Changes) => Promise<Result>): Promise<Result>;
  /** A page of all carts, the oldest first; and how many there are. */
  oldest(page: Page): Promise<{ carts: Cart[]; total: number }>;
  /** A page of the lines of all carts, the oldest first; and how many there are. */
  oldestLines(page: Page): Promise<{ lines: Line[]; total: number }>;
  /** A line of any cart, and its cart. */
  findLine(id: string): Promise<{ cart: Cart; line: Line } | undefined>;
  /** Removes expired carts from the indexes. */
  sweep(): Promise<void>;
  /** The outbox. */
  readonly published: Published;
  /** Who owns the carts, and the way by which they move. */
  readonly moves: Moves<RedisTx>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  url: string;
  tag: string;
  now: Clock;
  onIdleError: (error: Error) => void;
  onCareless: (fault: string) => void;
}

/** A transaction's own id is asked for again after a lost reply only, so it is kept for some minutes. */
const keepOperationsMs = 600_000;
/** How many carts are indexed at once. */
const cartsAtOnce = 100;
/** A batch of the migration takes longer than a change of a cart. */
const commandTimeoutMs = 5_000;

/** Opens the store. It connects at the first command. */
export function openStore({ url, tag, now, onIdleError, onCareless }: StoreOptions): Store {
  const db = openRedis({ url, tag, now, onIdleError, onCareless, keepOperationsMs, commandTimeoutMs });
  const keys = keysOf(db.prefix);
  const moves = openMoves(redisLedger(db), [cartsImport(keys, now)]);
  const lanes = new Lanes();
  const isLive = (cart: Cart) => expiryMs(cart) > now();
  const live = (cart: Cart | undefined) => (cart !== undefined && isLive(cart) ? cart : undefined);
  const read = async (ids: readonly string[]) =>
    (await db.read((client) => readCarts(client, keys, ids))).map((stored) => live(stored?.cart));
  const sweep = async () => {
    for (;;) {
      const { text } = await db.transaction({ name: 'sweep', operationId: randomUUID(), args: [] });
      if (Number(text) < 1_000) return;
    }
  };
  /** Once: a store may be from before lines had indexes. */
  const indexLines = async () => {
    if ((await db.read((client) => client.exists(keys.linesIndexed))) === 1) return;
    for (let at = 0, isLast = false; !isLast; at += cartsAtOnce) {
      const ids = await db.read((client) => client.zrange(keys.created, String(at), String(at + cartsAtOnce - 1)));
      isLast = ids.length < cartsAtOnce;
      const args = [String(cartLifetimeMs), isLast ? 'last' : '', ...ids];
      await db.transaction({ name: 'index_lines', operationId: randomUUID(), args });
    }
  };

  return {
    read,
    list: async (customerId, { limit, offset }) => {
      if (customerId !== null) {
        const ids = await db.read((client) => client.smembers(keys.cartsOf(customerId)));
        const carts = (await read(ids)).filter((cart) => cart !== undefined).sort(newestFirst);
        return { carts: carts.slice(offset, offset + limit), total: carts.length };
      }
      await sweep();
      const [total, ids] = await Promise.all([
        db.read((client) => client.zcard(keys.created)),
        db.read((client) => client.zrange(keys.created, String(offset), String(offset + limit - 1))),
      ]);
      return { carts: (await read(ids)).filter((cart) => cart !== undefined), total };
    },
    oldest: async (page) => {
      await sweep();
      const [total, ids] = await Promise.all([
        db.read((client) => client.zcard(keys.created)),
        db.read((client) => oldestCarts(client, keys, page)),
      ]);
      return { carts: (await read(ids)).filter((cart) => cart !== undefined), total };
    },
    oldestLines: async ({ limit, offset }) => {
      await sweep();
      const [total, ids] = await Promise.all([
        db.read((client) => client.zcard(keys.lineCreated)),
        db.read((client) => client.zrange(keys.lineCreated, String(offset), String(offset + limit - 1))),
      ]);
      const found = await db.read((client) => linesOf(client, keys, ids, isLive));
      return { lines: found.map(({ line }) => line), total };
    },
    findLine: async (id) => (await db.read((client) => linesOf(client, keys, [id], isLive)))[0],
    transaction: (cartId, cause, work) =>
      lanes.take(cartId, () =>
        moves.write('carts', async (tx, changed) => {
          const [stored] = await tx.peek((client) => readCarts(client, keys, [cartId]));
          tx.expect(['HGET', keys.cart(cartId), 'revision'], stored?.revision ?? null);
          const before = live(stored?.cart);
          let version: Version | undefined;
          const note = async (deleted: boolean) => {
            version ??= await changed(cartId, { deleted });
            return version;
          };
          const tell = async (shown: ShownWhole | null) => {
            const told = { cartId, version: await note(shown === null), shown, atUs: microsOf(now()), cause };
            await tx.outbox.add(factOfCart(told));
          };
          return work({
            find: async () => before,
            requireUnique: (cells) => requireUnique(tx, keys, now(), cells),
            put: async (cart, shown) => {
              // What has expired and is still there is deleted with its index entries.
              if (before === undefined && stored !== undefined) deleteCart(tx, keys, stored.cart);
              writeCart(tx, keys, before, cart);
              await tell(shown);
            },
            delete: async () => {
              if (stored === undefined) return;
              deleteCart(tx, keys, stored.cart);
              await tell(null);
            },
            replies: {
              claim: (request) => redisReplies(tx, now).claim(request),
              keep: async (reply) => {
                await keepReply(tx, keys, now, cartId, reply);
                await note(false);
              },
            },
          });
        }),
      ),
    sweep,
    moves,
    published: db,
    applySchema: async () => {
      const applied = await db.applySchema({ folder: schemaFolder });
      await indexLines();
      return applied;
    },
    ping: () => db.ping(),
    close: () => db.close(),
  };
}

function newestFirst(a: Cart, b: Cart): number {
  return b.createdAt - a.createdAt || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
}
