-- Seam 1: the first stock of a product, asked of the owner of inventories after the commit. A row is deleted when the
-- owner has it.
create table first_stocks (
  product_id uuid primary key references products on delete cascade,
  quantity   bigint not null check (quantity >= 0),
  created_at timestamptz not null
);

-- Seam 2: deleted entities whose other halves, in tables of other owners, are still to be deleted.
create table deleted_entities (
  kind       text not null,
  -- Id of the entity; code of a currency.
  key        text not null,
  created_at timestamptz not null,
  primary key (kind, key)
);

-- Deletes stop at the boundary of a resource. Readers skip what dangles.
alter table product_categories drop constraint product_categories_category_id_fkey;
alter table product_brands drop constraint product_brands_brand_id_fkey;
alter table product_collections drop constraint product_collections_collection_id_fkey;
alter table product_files drop constraint product_files_file;
alter table product_main_images drop constraint product_main_images_file;
alter table stock drop constraint stock_product_id_fkey;
alter table stock_transactions drop constraint stock_transactions_product_id_fkey;
