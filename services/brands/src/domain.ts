import { isUuid, type Micros, timestamps } from '@banyan/kit/api';
import { type Field, type Values, withFields } from '@banyan/kit/fields';
import type { BrandChange, NewBrand } from './contract.ts';
import { BrandsError, brandMissing } from './errors.ts';

export interface Brand {
  id: string;
  parentId: string | null;
  name: string;
  slug: string;
  description: string;
  status: 'live' | 'draft';
  createdAt: Micros;
  updatedAt: Micros;
  /** Of fields that an operator added to brands. */
  values: Values;
}

/** What is shown with brands, by the id of the brand. Only what the caller may see. */
export interface Related {
  /** In the default order of products. Absent without products. */
  products: ReadonlyMap<string, readonly string[]>;
  /** In the default order of brands. Absent without children. */
  children: ReadonlyMap<string, readonly string[]>;
  parents: ReadonlySet<string>;
  /** The fields that brands have now. */
  fields: readonly Field[];
}

/** The id in a path. @throws BrandsError `brand_missing`: the text is no id */
export function brandIdOf(text: string): string {
  if (!isUuid(text)) throw brandMissing();
  return text.toLowerCase();
}

/** A new brand: a draft unless it says otherwise. */
export function madeOf({ name, slug, description = '', status = 'draft' }: NewBrand, id: string, now: Micros): Brand {
  return { id, parentId: null, name, slug, description, status, createdAt: now, updatedAt: now, values: {} };
}

/** The brand with the members of a change. */
export function changedBy(brand: Brand, change: BrandChange, now: Micros): Brand {
  const { name = brand.name, slug = brand.slug, description = brand.description, status = brand.status } = change;
  return { ...brand, name, slug, description, status, updatedAt: now };
}

/**
 * @param line the ids of the parent and of all brands above it
 * @throws BrandsError `under_itself`: one of the children is the parent, or is above it
 */
export function requireNotAbove(line: readonly string[], childIds: readonly string[]): void {
  if (childIds.some((id) => line.includes(id))) {
    throw new BrandsError('under_itself', { detail: 'A brand cannot be under itself.', source: 'data.id' });
  }
}

/** A brand in the form of the API. */
export function brandView(brand: Brand, { products, children, parents, fields }: Related) {
  const { id, parentId, name, slug, description, status } = brand;
  const [productIds, childIds] = [products.get(id), children.get(id)];
  const links = (type: string, ids: readonly string[]) => ({ data: ids.map((one) => ({ type, id: one })) });
  return withFields(fields, brand.values, {
    id,
    type: 'brand',
    name,
    slug,
    description,
    status,
    meta: timestamps(brand.createdAt, brand.updatedAt),
    relationships: {
      ...(productIds && { products: links('product', productIds) }),
      ...(parentId !== null && parents.has(parentId) && { parent: { data: { type: 'brand', id: parentId } } }),
      ...(childIds && { children: links('brand', childIds) }),
    },
  });
}

export interface TreeNode {
  id: string;
  type: 'brand';
  status: string;
  name: string;
  slug: string;
  description: string;
  /** Absent on a leaf. */
  children?: TreeNode[];
}

/**
 * The trees of brands, with those that have no parent at the top. A brand whose parent is absent is left out with all
 * below it.
 *
 * @param brands in the default order
 */
export function treeOf(brands: readonly Brand[]): TreeNode[] {
  const byParent = Map.groupBy(brands, ({ parentId }) => parentId);
  const below = (parentId: string | null): TreeNode[] =>
    (byParent.get(parentId) ?? []).map(({ id, status, name, slug, description }) => {
      const children = below(id);
      return { id, type: 'brand', status, name, slug, description, ...(children.length > 0 && { children }) };
    });
  return below(null);
}
