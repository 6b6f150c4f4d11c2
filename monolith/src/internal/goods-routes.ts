import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { listOf } from '../api/body.ts';
import { badRequest } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { isText } from '../api/text.ts';
import { checker } from '../api/validate.ts';
import { imageColumn, imageView, type ProductImage } from '../files/product-image.ts';
import { checkIntrospector } from '../oauth/introspect.ts';
import type { Shop } from '../shop.ts';
import { maxFirstStocks, writeFirstStocks } from '../stock/first-stock.ts';
import { named } from './named.ts';

const checkFirstStock = checker(
  Type.Object({
    product_id: Type.String({ format: 'uuid' }),
    quantity: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  }),
);

/** `/internal/…`: what a service that keeps carts asks of the owners of products and stock. */
export function goodsRoutes(app: FastifyInstance, shop: Shop): void {
  // Products by `id` and `sku`, each of which may be repeated, with all their prices. Drafts too: the service decides.
  app.get('/internal/products', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const [ids, skus] = [named(request, 'id', isUuid), named(request, 'sku', isText)];
    const { rows } = await shop.db.query(
      `select p.id, p.name, p.sku, p.slug, p.description, p.manage_stock, p.status,
         coalesce((select jsonb_object_agg(c.currency, jsonb_build_object('amount', c.amount, 'includes_tax', c.includes_tax))
           from product_prices c where c.product_id = p.id), '{}') as prices
       from products p where p.id = any($1::uuid[]) or p.sku = any($2)`,
      [ids, skus],
    );
    return { data: rows };
  });

  // The main images of products, where shoppers may see them.
  app.get('/internal/images', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { rows } = await shop.db.query<{ id: string; image: ProductImage | null }>(
      `select id, image from (select p.id, ${imageColumn('p.id')} from unnest($1::uuid[]) as p (id)) as images
       where image is not null`,
      [named(request, 'id', isUuid)],
    );
    return { data: rows.map(({ id, image }) => ({ id, image: imageView(image, shop.config.publicUrl) })) };
  });

  app.get('/internal/stock', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { rows } = await shop.db.query(
      'select product_id as id, available::float8 as available from stock where product_id = any($1::uuid[])',
      [named(request, 'id', isUuid)],
    );
    return { data: rows };
  });

  // Seam 1: the first stock of new products, once for each product however often it is asked.
  app.post('/internal/first-stocks', async (request, reply) => {
    checkIntrospector(shop, request.headers.authorization);
    const wanted = listOf(request.body).map(checkFirstStock);
    if (wanted.length > maxFirstStocks) throw badRequest(`data has at most ${maxFirstStocks} products`, 'data');
    await writeFirstStocks(shop.db, wanted, shop.now());
    return reply.code(204).send();
  });
}
