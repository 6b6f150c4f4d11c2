import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listOf } from '../api/body.ts';
import { unprocessable } from '../api/faults.ts';
import { changeProduct, linkIds, requireTargets } from '../catalog/product-relationships.ts';
import type { Shop } from '../shop.ts';

/** The most variations of one product. */
const maxVariations = 10;

interface ById {
  Params: { id: string };
}
type Verb = 'POST' | 'PUT' | 'DELETE';

/** Relationships of products to variations, under both of their names. They have an order: the levels of the matrix. */
export function variationLinkRoutes(app: FastifyInstance, shop: Shop): void {
  for (const name of ['variations', 'product-variations']) {
    const url = `/v2/products/:id/relationships/${name}`;
    app.post<ById>(url, (request) => changeVariations(shop, request, 'POST'));
    app.put<ById>(url, (request) => changeVariations(shop, request, 'PUT'));
    app.delete<ById>(url, async (request, reply) => {
      await changeVariations(shop, request, 'DELETE');
      return reply.code(204).send();
    });
  }
}

/** Adds, replaces or removes variations, and replies with the resulting ones. Children change with the next build. */
async function changeVariations(shop: Shop, request: FastifyRequest<ById>, verb: Verb) {
  const ids = linkIds(listOf(request.body));
  return changeProduct(shop, request, async (db, productId) => {
    const before = await db.query<{ id: string }>(
      'select variation_id as id from product_variations where product_id = $1 order by position',
      [productId],
    );
    const kept = verb === 'PUT' ? [] : before.rows.map(({ id }) => id);
    const after = verb === 'DELETE' ? kept.filter((id) => !ids.includes(id)) : [...new Set([...kept, ...ids])];
    if (verb !== 'DELETE') {
      await requireTargets(db, 'variations', 'variation', ids);
      if (after.length > maxVariations) {
        throw unprocessable('Failed Validation', `A product has at most ${maxVariations} variations`);
      }
      const { rows } = await db.query('select from products where id = $1 and parent_id is not null', [productId]);
      if (rows.length > 0 && after.length > 0) {
        throw unprocessable('Cannot complete request', 'A child product cannot have variations');
      }
    }
    await db.query('delete from product_variations where product_id = $1', [productId]);
    await db.query(
      `insert into product_variations (product_id, variation_id, position)
       select $1, id, position - 1 from unnest($2::uuid[]) with ordinality as l (id, position)`,
      [productId, after],
    );
    return { data: after.map((id) => ({ type: 'product-variation', id })) };
  });
}
