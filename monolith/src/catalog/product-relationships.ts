import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listOf, type Members } from '../api/body.ts';
import { badRequest, failedValidation, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { recordProduct } from './events.ts';
import { kinds } from './kinds.ts';
import { productMissing } from './product-get.ts';

/** A to-many relation of products. */
interface Relation {
  /** The segments of the path. */
  paths: readonly string[];
  type: string;
  linkTable: string;
  linkColumn: string;
  /** Table of the targets. */
  targets: string;
}

const relations: readonly Relation[] = [
  ...kinds.map(({ type, plural, linkTable, linkColumn }) => ({
    paths: [plural],
    type,
    linkTable,
    linkColumn,
    targets: plural,
  })),
  {
    paths: ['files', 'file'],
    type: 'file',
    linkTable: 'product_files',
    linkColumn: 'file_id',
    targets: 'files',
  },
];

type Verb = 'POST' | 'PUT' | 'DELETE';

interface ById {
  Params: { id: string };
}

export function productRelationshipRoutes(app: FastifyInstance, shop: Shop): void {
  for (const relation of relations) {
    for (const path of relation.paths) {
      const url = `/v2/products/:id/relationships/${path}`;
      app.post<ById>(url, (request) => changeLinks(shop, request, relation, 'POST'));
      app.put<ById>(url, (request) => changeLinks(shop, request, relation, 'PUT'));
      app.delete<ById>(url, async (request, reply) => {
        await changeLinks(shop, request, relation, 'DELETE');
        return reply.code(204).send();
      });
    }
  }
  const image = '/v2/products/:id/relationships/main-image';
  app.post<ById>(image, (request) => setMainImage(shop, request));
  app.put<ById>(image, (request) => setMainImage(shop, request));
  app.delete<ById>(image, async (request, reply) => {
    await changeProduct(shop, request, (db, id) =>
      db.query('delete from product_main_images where product_id = $1', [id]),
    );
    return reply.code(204).send();
  });
}

/** Adds, replaces or removes links, and replies with the resulting links. */
async function changeLinks(shop: Shop, request: FastifyRequest<ById>, relation: Relation, verb: Verb) {
  const { type, linkTable, linkColumn, targets } = relation;
  const ids = linkIds(listOf(request.body));
  return changeProduct(shop, request, async (db, productId) => {
    // Before the links: a deletion locks the target first, and then its links.
    if (verb !== 'DELETE') await requireTargets(db, targets, type, ids);
    if (verb === 'PUT') await db.query(`delete from ${linkTable} where product_id = $1`, [productId]);
    if (verb === 'DELETE') {
      await db.query(`delete from ${linkTable} where product_id = $1 and ${linkColumn} = any($2)`, [productId, ids]);
    } else {
      await db.query(
        // The product is locked, so no other request takes the same position.
        `insert into ${linkTable} (product_id, ${linkColumn}, position)
         select $1, link.id, link.n + (select coalesce(max(position), 0) from ${linkTable} where product_id = $1)
         from unnest($2::uuid[]) with ordinality as link (id, n) on conflict do nothing`,
        [productId, ids],
      );
    }
    // A target that another program deleted leaves its links behind; they are not shown.
    const exists = targets === undefined ? 'true' : `exists (select from ${targets} t where t.id = ${linkColumn})`;
    const { rows } = await db.query<{ id: string }>(
      `select ${linkColumn} as id from ${linkTable} where product_id = $1 and ${exists} order by position`,
      [productId],
    );
    return { data: rows.map(({ id }) => ({ type, id })) };
  });
}

/** Clients send one object, an array of one, an empty array, or no body. The last two clear the relation. */
async function setMainImage(shop: Shop, request: FastifyRequest<ById>) {
  const [id] = linkIds(listOf(request.body));
  return changeProduct(shop, request, async (db, productId) => {
    if (id !== undefined) await requireTargets(db, 'files', 'file', [id]);
    await db.query('delete from product_main_images where product_id = $1', [productId]);
    if (id === undefined) return { data: [] };
    await db.query('insert into product_main_images (product_id, file_id) values ($1, $2)', [productId, id]);
    return { data: { type: 'main_image', id } };
  });
}

/** Locks a product, changes its links, and marks the product as changed. */
export async function changeProduct<T>(
  shop: Shop,
  request: FastifyRequest<ById>,
  work: (db: Queryable, productId: string) => Promise<T>,
): Promise<T> {
  const { id } = request.params;
  if (!isUuid(id)) throw productMissing();
  return inTransaction(shop.db, async (db) => {
    const { rowCount } = await db.query('update products set updated_at = $2 where id = $1', [id, shop.now()]);
    if (rowCount === 0) throw productMissing();
    const result = await work(db, id);
    await recordProduct(shop, db, 'updated', id);
    await audit(shop, db, request.access, { action: 'updated', entity: 'product', entityId: id });
    return result;
  });
}

/** The most links that one request may name. */
const maxLinks = 1_000;

/**
 * The distinct ids of links.
 * @throws ShopError `validation_failed` when a link is not an id
 * @throws ShopError `bad_request` when there are too many links
 */
export function linkIds(links: readonly Members[]): string[] {
  if (links.length > maxLinks) throw badRequest(`One request names at most ${maxLinks} links`, 'data');
  const ids = links.map((link, index) => {
    if (isUuid(link.id)) return link.id.toLowerCase();
    const source = `data.${index}.id`;
    throw failedValidation([{ detail: `The ${source} field must be an id.`, source }]);
  });
  return [...new Set(ids)];
}

/**
 * Keeps the targets of links in place until the links are written.
 * @throws ShopError `not_found` when one of them does not exist
 */
export async function requireTargets(
  db: Queryable,
  table: string,
  type: string,
  ids: readonly string[],
): Promise<void> {
  const { rows } = await db.query(`select id from ${table} where id = any($1) for key share`, [ids]);
  if (rows.length < ids.length) {
    const title = `${type[0]?.toUpperCase()}${type.slice(1)} not found`;
    throw notFound(`The requested ${type} could not be found`, title);
  }
}
