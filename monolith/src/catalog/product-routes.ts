import type { FastifyInstance } from 'fastify';
import { objectOf } from '../api/body.ts';
import { isUuid } from '../api/ids.ts';
import { sameId, uniqueOr422 } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { recordDeletion } from '../events/record.ts';
import { attributesWithFields } from '../flows/attributes.ts';
import { writeFields } from '../flows/entity-fields.ts';
import { owners } from '../flows/owners.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { askFirstStocks } from '../stock/ask-first-stocks.ts';
import { recordProduct } from './events.ts';
import { getProduct, productMissing, productsById } from './product-get.ts';
import { listProducts } from './product-list.ts';
import { NewProduct, ProductChange } from './product-schema.ts';
import { languageOf, writeTranslation } from './product-translations.ts';
import { insertProduct, updateProduct } from './product-write.ts';

const newProduct = checker(NewProduct);
const productChange = checker(ProductChange);
const uniqueMembers = ['slug', 'sku'];

interface ById {
  Params: { id: string };
}

export function productRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/products', (request) => listProducts(shop, request));

  app.get('/v2/products/attributes', () => attributesWithFields(shop.db, owners.products, NewProduct));

  app.includables.set('product', {
    plural: 'products',
    views: async (request, ids) => {
      const found = await productsById(shop, request, ids, request.access.kind === 'implicit');
      return found.map(({ view }) => view);
    },
  });

  app.get<ById>('/v2/products/:id', (request) => getProduct(shop, request, request.params.id));

  app.post('/v2/products', async (request, reply) => {
    const data = objectOf(request.body);
    const product = newProduct(data);
    // The reply uses this language. An unreadable language is refused before anything is written.
    languageOf(request);
    const id = await uniqueOr422('products', uniqueMembers, () =>
      inTransaction(shop.db, async (db) => {
        const entityId = await insertProduct(db, product, data, shop.now());
        await writeFields(db, owners.products, entityId, data, true);
        await recordProduct(shop, db, 'created', entityId);
        await audit(shop, db, request.access, { action: 'created', entity: 'product', entityId });
        return entityId;
      }),
    );
    await askFirstStocks(shop, [id]);
    return reply.code(201).send(await getProduct(shop, request, id));
  });

  app.put<ById>('/v2/products/:id', async (request) => {
    const { id } = request.params;
    const data = objectOf(request.body);
    const change = productChange(data);
    sameId(id, change.id);
    if (!isUuid(id)) throw productMissing();
    const language = languageOf(request);
    await uniqueOr422('products', uniqueMembers, () =>
      inTransaction(shop.db, async (db) => {
        const known = await updateProduct(
          db,
          id,
          language === undefined ? change : withoutTexts(change),
          data,
          shop.now(),
        );
        if (!known) throw productMissing();
        await writeFields(db, owners.products, id, data, false);
        if (language !== undefined) await writeTranslation(db, id, language, change);
        await recordProduct(shop, db, 'updated', id);
        await audit(shop, db, request.access, { action: 'updated', entity: 'product', entityId: id });
      }),
    );
    return getProduct(shop, request, id);
  });

  app.delete<ById>('/v2/products/:id', async (request, reply) => {
    const { id } = request.params;
    if (!isUuid(id)) throw productMissing();
    const gone = await inTransaction(shop.db, async (db) => {
      const gone = await lockFamily(db, id);
      await noteDeleted(db, 'product', gone, shop.now());
      await db.query('delete from products where id = $1', [id]);
      await recordDeletion(db, shop.now(), 'product', id.toLowerCase());
      await audit(shop, db, request.access, { action: 'deleted', entity: 'product', entityId: id });
      return gone;
    });
    await clearOtherHalves(shop, 'product', gone);
    return reply.code(204).send();
  });
}

/**
 * The ids of a product and of its children, which are deleted with it.
 * @throws ShopError `not_found` when the product does not exist
 */
async function lockFamily(db: Queryable, id: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from products where id = $1 or parent_id = $1 order by parent_id nulls first, id for update',
    [id],
  );
  const ids = rows.map((row) => row.id);
  if (!ids.includes(id.toLowerCase())) throw productMissing();
  return ids;
}

/** The members that a change writes to the product itself when its texts are a translation. */
function withoutTexts({ name: _, description: __, ...rest }: ProductChange): ProductChange {
  return rest;
}
