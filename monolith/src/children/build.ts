import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { unprocessable } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { uniqueOr422 } from '../api/unique.ts';
import { audit } from '../audit.ts';
import { productMissing, productsById } from '../catalog/product-get.ts';
import { languageOf } from '../catalog/product-translations.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { askFirstStocks } from '../stock/ask-first-stocks.ts';
import { findVariations } from '../variations/find-variation.ts';
import type { VariationRow } from '../variations/variation-rows.ts';
import { type BuiltRow, contentOf, lockBase, readChildren } from './child-rows.ts';
import { type ChildPlan, planChildren } from './plan-children.ts';
import { type Child, writeChildren } from './write-children.ts';

/**
 * `POST /v2/products/:id/build`: makes one child for each combination of options, all or none. Combinations that exist
 * keep their ids and what was linked to them; combinations that are gone are deleted. A build that finds everything as
 * it should be writes nothing.
 * @throws ShopError `not_found` when the product does not exist
 * @throws ShopError `validation_failed` when the product is a child, the plan breaks a rule, or a slug or SKU is taken
 */
export async function buildChildren(shop: Shop, request: FastifyRequest, id: string) {
  if (!isUuid(id)) throw productMissing();
  // The reply uses this language. An unreadable language is refused before anything is written.
  languageOf(request);
  const { ids, made, gone } = await uniqueOr422('products', ['slug', 'sku'], () =>
    inTransaction(shop.db, async (db) => {
      const built = await buildIn(shop, db, id);
      await audit(shop, db, request.access, { action: 'built', entity: 'product', entityId: id });
      return built;
    }),
  );
  await askFirstStocks(shop, made);
  await clearOtherHalves(shop, 'product', gone);
  const views = new Map((await productsById(shop, request, ids, false)).map(({ view }) => [view.id, view]));
  return { data: ids.flatMap((child) => views.get(child) ?? []) };
}

/** The ids of all children in the order of the build, of the new ones, and of those that are gone. */
interface Built {
  ids: string[];
  made: string[];
  gone: string[];
}

const idsOf = (children: readonly Child[]) => children.map(({ id }) => id);

async function buildIn(shop: Shop, db: Queryable, id: string): Promise<Built> {
  const now = shop.now();
  const base = await lockBase(db, id);
  if (base === undefined) throw productMissing();
  if (base.parent_id !== null) {
    throw unprocessable('Cannot complete request', 'A child product cannot have children of its own');
  }
  const plans = planChildren(base, await variationsOf(shop, db, id));
  const existing = await readChildren(db, id);
  const children = plans.map((plan, position) => childOf(plan, position, base, existing.get(plan.combination)));
  const planned = new Set(plans.map(({ combination }) => combination));
  const gone = [...existing].filter(([combination]) => !planned.has(combination)).map(([, row]) => row.id);
  await noteDeleted(db, 'product', gone, now);
  await db.query('delete from products where id = any($1)', [gone]);

  const changed = children.filter((child) => !isAsPlanned(child, existing.get(child.combination)));
  await setNamesAside(db, changed);
  if (shop.debts.owed('children-one-by-one')) {
    // Debt 28: each child has its own statements.
    for (const child of changed) await writeChildren(db, id, [child], now);
  } else {
    await writeChildren(db, id, changed, now);
  }
  const made = children.filter(({ isNew }) => isNew);
  return { ids: idsOf(children), made: idsOf(made), gone };
}

function childOf(plan: ChildPlan, position: number, base: BuiltRow, existing: BuiltRow | undefined): Child {
  const { manage_stock, attributes } = base;
  return {
    ...plan,
    id: existing?.id ?? randomUUID(),
    isNew: existing === undefined,
    position,
    manage_stock,
    attributes,
  };
}

function isAsPlanned(child: Child, existing: BuiltRow | undefined): boolean {
  const options = child.options.map(({ optionId }) => optionId);
  return existing !== undefined && contentOf({ ...child, options }) === contentOf(existing);
}

/** Two children may swap their slugs or SKUs: all that change give theirs up first. */
async function setNamesAside(db: Queryable, changed: readonly Child[]): Promise<void> {
  const ids = changed.filter(({ isNew }) => !isNew).map(({ id }) => id);
  if (ids.length === 0) return;
  await db.query(`update products set slug = '~' || id, sku = '~' || id where id = any($1)`, [ids]);
}

/** The variations of a product, in the order in which they are attached. */
async function variationsOf(shop: Shop, db: Queryable, productId: string): Promise<VariationRow[]> {
  const { rows } = await db.query<{ id: string }>(
    'select variation_id as id from product_variations where product_id = $1 order by position',
    [productId],
  );
  const found = new Map(
    (
      await findVariations(
        db,
        shop.debts,
        rows.map(({ id }) => id),
      )
    ).map((each) => [each.id, each]),
  );
  return rows.flatMap(({ id }) => found.get(id) ?? []);
}
