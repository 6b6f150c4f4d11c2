/** The three ways to group products: same shape, same rules, three tables. */
export interface Kind {
  /** Singular, as in `type`. */
  type: 'category' | 'brand' | 'collection';
  /** Plural: the path, the table, and the name of the relation. */
  plural: 'categories' | 'brands' | 'collections';
  /** The table that links products to the group, and its column. */
  linkTable: string;
  linkColumn: string;
}

export const CATEGORIES: Kind = {
  type: 'category',
  plural: 'categories',
  linkTable: 'product_categories',
  linkColumn: 'category_id',
};
export const BRANDS: Kind = {
  type: 'brand',
  plural: 'brands',
  linkTable: 'product_brands',
  linkColumn: 'brand_id',
};
export const COLLECTIONS: Kind = {
  type: 'collection',
  plural: 'collections',
  linkTable: 'product_collections',
  linkColumn: 'collection_id',
};
export const KINDS: readonly Kind[] = [CATEGORIES, BRANDS, COLLECTIONS];
