-- A copy of products' links to collections, with what decides who sees a product and in which order. Products own them.
create table if not exists product_links (
  product_id char(36) character set ascii collate ascii_bin not null,
  collection_id char(36) character set ascii collate ascii_bin not null,
  status varchar(5) not null,
  created_at_us bigint not null,
  primary key (product_id, collection_id),
  key product_links_collection (collection_id, created_at_us, product_id)
)
