import type { FastifyInstance } from 'fastify';
import { badRequest } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { Bindings } from '../api/sql.ts';
import { styleOf } from '../currencies/style.ts';
import { inTransaction, type PoolClient } from '../db.ts';
import { queryOf } from '../lists/query.ts';
import { checkIntrospector } from '../oauth/introspect.ts';
import { itemsOfOrders, type OrderRow, selectOrders } from '../orders/store.ts';
import { orderItemView, orderView } from '../orders/view.ts';
import type { Shop } from '../shop.ts';

const pageLength = 100;

/**
 * `/internal/orders`: the orders in the order of their ids, 100 at a time (`after`: the last id of the page before), as
 * events show them. With `since` only those that were changed since an earlier reply, whose `meta.position` it is, and
 * with `ids` only these.
 *
 * The position is the oldest transaction that was still open: what commits later is newer, in whatever order.
 */
export function orderRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/internal/orders', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { since, after, ids } = queryOf(request);
    const named = ids?.split(',');
    if (named !== undefined && (named.length > pageLength || !named.every(isUuid))) {
      throw badRequest(`ids is 1 to ${pageLength} ids`, 'ids');
    }
    if (after !== undefined && !isUuid(after)) throw badRequest('after is an id', 'after');
    if (since !== undefined && !/^\d{1,18}$/.test(since)) throw badRequest('since is a position', 'since');
    return inTransaction(shop.db, async (db) => {
      await db.query('set transaction isolation level repeatable read, read only');
      const { position, total, follows } = await standing(db, since);
      const bindings = new Bindings();
      const conditions = [
        ...(named === undefined ? [] : [`o.id = any(${bindings.add(named)}::uuid[])`]),
        ...(after === undefined ? [] : [`o.id > ${bindings.add(after)}`]),
        ...(follows ? [`age(o.xmin) <= age(${bindings.add(since)}::text::xid8::xid)`] : []),
      ];
      const where = conditions.length === 0 ? 'true' : conditions.join(' and ');
      const orders = await selectOrders(db, { where, tail: `order by o.id limit ${pageLength}`, bindings });
      const more = orders.length === pageLength;
      return { data: await shown(shop, db, orders), meta: { position, total, more, whole: !follows } };
    });
  });
}

/** Whether a position is of this store, and not too old to compare with. Otherwise all orders are told. */
async function standing(db: PoolClient, since: string | undefined) {
  const { rows } = await db.query<{ position: string; total: number; follows: boolean }>(
    `select position::text as position, (select count(*)::int from orders) as total,
       coalesce($1::text::xid8 <= position and position::text::bigint - $1::bigint < 1000000000, false) as follows
     from (select pg_snapshot_xmin(pg_current_snapshot()) as position) as now`,
    [since ?? null],
  );
  if (rows[0] === undefined) throw new Error('A select gave no row');
  return rows[0];
}

async function shown(shop: Shop, db: PoolClient, orders: readonly OrderRow[]) {
  const items = await itemsOfOrders(
    db,
    shop.debts,
    orders.map(({ id }) => id),
  );
  const styles = new Map(
    await Promise.all(
      [...new Set(orders.map(({ currency }) => currency))].map(
        async (code) => [code, await styleOf(db, code)] as const,
      ),
    ),
  );
  return orders.map((order) => {
    const style = styles.get(order.currency);
    if (style === undefined) throw new Error(`No style was read for ${order.currency}`);
    const lines = (items.get(order.id) ?? []).map((item) => orderItemView(item, order.calculation_method, style));
    return { data: orderView(order, lines, style), included: { items: lines } };
  });
}
