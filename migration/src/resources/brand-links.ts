import { type Resource, timeText } from './resource.ts';

/**
 * Links from products to brands, with what decides who sees a product and in which order: one aggregate is a product with a
 * link. They belong to products, which the monolith alone writes: nothing comes back. The brands service keeps a copy for its
 * own replies.
 */
export const brandLinks: Resource = {
  name: 'brand-links',
  group: 'brand-links',
  service: 'brands',
  route: null,
  summary: 'Links from products to brands, which the monolith alone writes',
  tables: [
    { name: 'product_brands', key: 'product_id', shared: true, columns: ['product_id', 'brand_id', 'position'] },
    {
      name: 'products',
      // A product without a link is none. With its last link goes a note of that table.
      key: (row) => `(select ${row}.id where exists (select from product_brands where product_id = ${row}.id))`,
      shared: true,
      columns: [
        ...['id', 'name', 'slug', 'sku', 'description', 'manage_stock', 'commodity_type', 'status', 'parent_id'],
        ...['created_at', 'updated_at'],
      ],
    },
  ],
  states: `
    select p.id::text as key, jsonb_build_object('status', p.status, 'created_at', ${timeText('p.created_at')},
      'brands', jsonb_agg(l.brand_id order by l.brand_id)) as state
    from products p join product_brands l on l.product_id = p.id
    where p.id = any($1::text[]::uuid[]) group by p.id`,
  keys: `
    select product_id::text as key from (select distinct product_id from product_brands) as linked
    where ($1::uuid is null or product_id > $1::uuid) order by product_id limit $2`,
  count: 'select count(distinct product_id)::int as count from product_brands',
};
