-- Lists are ordered by what leaves this store with its rows: (created_at, id), and positions where one moment has many
-- rows. An identity column would stay behind. The positions keep the old values, so that no row is rewritten: they rise
-- within a cart, a line and an order, and need not begin with 1.
alter table cart_items alter seq drop identity;
alter table cart_items drop constraint cart_items_seq_key;
alter table cart_items rename seq to position;
alter table cart_item_taxes alter seq drop identity;
alter table cart_item_taxes drop constraint cart_item_taxes_seq_key;
alter table cart_item_taxes rename seq to position;
alter table order_items alter seq drop identity;
alter table order_items drop constraint order_items_seq_key;
alter table order_items rename seq to position;

alter table products drop column seq;
alter table categories drop column seq;
alter table brands drop column seq;
alter table collections drop column seq;
alter table currencies drop column seq;
alter table customers drop column seq;
alter table addresses drop column seq;
alter table stock_transactions drop column seq;
alter table transactions drop column seq;
-- Drops the index orders_created too.
alter table orders drop column seq;

create index products_created on products (created_at, id);
create index categories_created on categories (created_at, id);
create index brands_created on brands (created_at, id);
create index collections_created on collections (created_at, id);
create index customers_created on customers (created_at, id);
create index orders_created on orders (created_at, id);
