-- Categories. A `_key` is what text is sorted and matched by (`textKey` of the kit). Moments are in microseconds.
create table categories (
  id text primary key,
  -- May name a category that is not here any more: readers skip it.
  parent_id text,
  name text not null,
  name_key blob not null,
  slug text not null,
  slug_key blob not null,
  -- The slug's bytes, which no two categories hold. Slugs that differ in case or in a trailing blank are different.
  slug_held blob unique,
  description text not null,
  description_key blob not null,
  status text not null check (status in ('live', 'draft')),
  created_at_us integer not null,
  updated_at_us integer not null,
  -- The values of fields that an operator added to categories, as one JSON object by the id of the field.
  field_values text not null default '{}'
) strict;
create index categories_created on categories (created_at_us, id);
create index categories_parent on categories (parent_id);
-- A copy of products' links to categories, with what decides who sees a product and in which order. Products own them.
create table product_links (
  product_id text not null,
  category_id text not null,
  status text not null check (status in ('live', 'draft')),
  created_at_us integer not null,
  primary key (product_id, category_id)
) strict, without rowid;
create index product_links_category on product_links (category_id, created_at_us, product_id);
