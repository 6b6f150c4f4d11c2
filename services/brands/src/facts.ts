import type { NewEvent } from '@banyan/kit/events';
import { type Cause, factOf } from '@banyan/kit/facts';
import type { Version } from '@banyan/kit/import';
import type { Queryable } from '@banyan/kit/mariadb';
import { events } from './contract.ts';
import { type Brand, brandView } from './domain.ts';
import { readFamily } from './family.ts';

/** What one transaction did to one brand, in the end. */
export interface ToldChange {
  happened: keyof typeof events;
  /** Of its last change. */
  version: Version;
}

/** Collects what a transaction changes, so that each brand is told of once, as it is in the end. */
export class ToldChanges {
  readonly #changes = new Map<string, ToldChange>();

  add(ids: readonly string[], happened: keyof typeof events, version: Version): void {
    for (const id of ids) {
      const before = this.#changes.get(id)?.happened;
      this.#changes.set(id, { happened: before === 'created' && happened === 'updated' ? before : happened, version });
    }
  }

  /** The facts of the transaction, in the order of the first changes. Call it last. */
  async facts(tx: Queryable, atUs: number, cause: Cause): Promise<NewEvent[]> {
    const living = [...this.#changes].filter(([, { happened }]) => happened !== 'deleted').map(([id]) => id);
    const states = await statesOf(tx, living);
    return [...this.#changes].map(([aggregateId, { happened, version }]) =>
      factOf({ event: events[happened], aggregateId, version, state: states.get(aggregateId) ?? null, atUs }, cause),
    );
  }
}

/**
 * Brands as an administrator sees them, by id, inside the transaction that changes them. Without the fields that an operator
 * added: the monolith's facts have none either.
 */
async function statesOf(tx: Queryable, ids: readonly string[]): Promise<Map<string, { data: object }>> {
  const { brands, children, parents } = await readFamily(tx, ids);
  const products = await productsOf(tx, ids);
  return new Map(
    brands.map((brand: Brand) => [brand.id, { data: brandView(brand, { products, children, parents, fields: [] }) }]),
  );
}

/**
 * The products of brands, by the id of the brand and in the default order of products. Links belong to products and are
 * not kept here yet, so a fact names none.
 */
async function productsOf(_tx: Queryable, _ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  return new Map();
}
