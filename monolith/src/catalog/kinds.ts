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

export const categories: Kind = {
  type: 'category',
  plural: 'categories',
  linkTable: 'product_categories',
  linkColumn: 'category_id',
};
export const brands: Kind = {
  type: 'brand',
  plural: 'brands',
  linkTable: 'product_brands',
  linkColumn: 'brand_id',
};
export const collections: Kind = {
  type: 'collection',
  plural: 'collections',
  linkTable: 'product_collections',
  linkColumn: 'collection_id',
};
export const kinds: readonly Kind[] = [categories, brands, collections];
