import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { listOf, objectOf } from '../api/body.ts';
import { badRequest, notFound, unprocessable } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { productMissing } from '../catalog/product-get.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { recordStock, type StockTransactionRow, stockTransactionView } from '../stock/record-stock.ts';

const maxQuantity = 1_000_000_000;
/** The most products in one request for stock. */
const maxProducts = 1_000;

const stockAction = checker(
  Type.Object({
    type: Type.Literal('stock-transaction'),
    action: Type.Enum(['increment', 'decrement', 'allocate', 'deallocate']),
    quantity: Type.Integer({ minimum: 1, maximum: maxQuantity }),
  }),
);
const firstStock = checker(Type.Object({ quantity: Type.Integer({ minimum: 0, maximum: maxQuantity }) }));

interface ByProduct {
  Params: { productId: string };
}

// Every product has stock: 0 for a product without a stock record.
const selectStock = `select p.id as product_id, coalesce(s.available, 0)::float8 as available,
  coalesce(s.allocated, 0)::float8 as allocated from products p left join stock s on s.product_id = p.id`;

interface Stock {
  product_id: string;
  available: number;
  allocated: number;
}

export function inventoryRoutes(app: FastifyInstance, shop: Shop): void {
  const visible = (request: FastifyRequest) => (request.access.kind === 'implicit' ? "p.status = 'live'" : 'true');

  app.get('/v2/inventories', async (request) => {
    const { page } = await readListQuery(shop, request);
    const count = await shop.db.query<{ total: string }>(
      `select count(*) as total from products p where ${visible(request)}`,
    );
    const { rows } = await shop.db.query<Stock>(
      `${selectStock} where ${visible(request)} order by p.created_at, p.id limit $1 offset $2`,
      [page.limit, page.offset],
    );
    return listReply(shop, request, page, Number(count.rows[0]?.total ?? 0), rows.map(stockView));
  });

  app.get<ByProduct>('/v2/inventories/:productId', async (request) => {
    const [stock] = await stockOf(shop.db, [request.params.productId], visible(request));
    if (stock === undefined) throw productMissing();
    return { data: stockView(stock) };
  });

  app.post('/v2/inventories/multiple', async (request) => {
    const entries = listOf(request.body);
    if (entries.length > maxProducts) throw badRequest(`Ask for at most ${maxProducts} products at once`, 'data');
    const ids = entries.map(({ id }) => id).filter(isUuid);
    return { data: (await stockOf(shop.db, ids, visible(request))).map(stockView) };
  });

  app.post<ByProduct>('/v2/inventories/:productId', async (request, reply) => {
    const { quantity } = firstStock(objectOf(request.body));
    return changeStockOnce(shop, request, reply, async (db, id) => {
      await recordStock(db, id, 'create', quantity, shop.now());
      const [stock] = await stockOf(db, [id], 'true');
      if (stock === undefined) throw productMissing();
      return { data: stockView(stock) };
    });
  });

  app.delete<ByProduct>('/v2/inventories/:productId', async (request, reply) => {
    await inTransaction(shop.db, async (db) => {
      const id = await keepProduct(db, request);
      await db.query('delete from stock where product_id = $1 and allocated = 0', [id]);
      const { rowCount } = await db.query('select from stock where product_id = $1', [id]);
      if (rowCount !== 0) throw unprocessable('Cannot complete request', 'Some of this stock is allocated to orders');
      await auditStock(shop, db, request);
    });
    return reply.code(204).send();
  });

  app.get<ByProduct>('/v2/inventories/:productId/transactions', async (request) => ({
    data: (await transactionsOf(shop.db, request.params.productId, visible(request))).map(stockTransactionView),
  }));

  app.get<{ Params: { productId: string; transactionId: string } }>(
    '/v2/inventories/:productId/transactions/:transactionId',
    async (request) => {
      const { productId, transactionId } = request.params;
      const all = await transactionsOf(shop.db, productId, visible(request));
      const found = all.find((transaction) => transaction.id === transactionId.toLowerCase());
      if (found === undefined) throw notFound('The requested stock transaction could not be found');
      return { data: stockTransactionView(found) };
    },
  );

  app.post<ByProduct>('/v2/inventories/:productId/transactions', async (request, reply) => {
    const { action, quantity } = stockAction(objectOf(request.body));
    return changeStockOnce(shop, request, reply, async (db, id) => ({
      data: stockTransactionView(await recordStock(db, id, action, quantity, shop.now())),
    }));
  });
}

async function stockOf(db: Queryable, ids: readonly unknown[], visible: string): Promise<Stock[]> {
  const { rows } = await db.query<Stock>(
    `${selectStock} where p.id = any($1) and ${visible} order by p.created_at, p.id`,
    [ids.filter(isUuid)],
  );
  return rows;
}

async function transactionsOf(db: Queryable, productId: string, visible: string): Promise<StockTransactionRow[]> {
  if ((await stockOf(db, [productId], visible)).length === 0) throw productMissing();
  const { rows } = await db.query<StockTransactionRow>(
    `select id, product_id, action, quantity::float8 as quantity, created_at from stock_transactions
     where product_id = $1 order by created_at, id`,
    [productId],
  );
  return rows;
}

/**
 * Changes the stock of the product in the path and replies 201, once for each `Idempotency-Key`.
 * @throws ShopError `not_found` when the product does not exist
 */
function changeStockOnce(
  shop: Shop,
  request: FastifyRequest<ByProduct>,
  reply: FastifyReply,
  work: (db: Queryable, productId: string) => Promise<unknown>,
): Promise<FastifyReply> {
  return replyOnce(shop, request, reply, 201, async (db) => {
    const id = await keepProduct(db, request);
    const result = await work(db, id);
    await auditStock(shop, db, request);
    return result;
  });
}

/**
 * Blocks deletion of the product until the end of the transaction; returns its id.
 * @throws ShopError `not_found` when the product does not exist
 */
async function keepProduct(db: Queryable, request: FastifyRequest<ByProduct>): Promise<string> {
  const { productId } = request.params;
  if (!isUuid(productId)) throw productMissing();
  const { rowCount } = await db.query('select from products where id = $1 for key share', [productId]);
  if (rowCount === 0) throw productMissing();
  return productId;
}

function auditStock(shop: Shop, db: Queryable, request: FastifyRequest<ByProduct>): Promise<void> {
  return audit(shop, db, request.access, { action: 'updated', entity: 'stock', entityId: request.params.productId });
}

function stockView({ product_id, available, allocated }: Stock) {
  return { id: product_id, type: 'stock', total: available + allocated, available, allocated };
}
