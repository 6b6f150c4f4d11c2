-- The links of a product in their order, by a position that leaves this store with the product. An identity column would not.
alter table product_categories add position integer;
update product_categories l set position = ranked.n from (
  select product_id, category_id, row_number() over (partition by product_id order by seq) as n from product_categories
) ranked where ranked.product_id = l.product_id and ranked.category_id = l.category_id;
alter table product_categories alter position set not null;
alter table product_categories drop column seq;
alter table product_brands add position integer;
update product_brands l set position = ranked.n from (
  select product_id, brand_id, row_number() over (partition by product_id order by seq) as n from product_brands
) ranked where ranked.product_id = l.product_id and ranked.brand_id = l.brand_id;
alter table product_brands alter position set not null;
alter table product_brands drop column seq;
alter table product_collections add position integer;
update product_collections l set position = ranked.n from (
  select product_id, collection_id, row_number() over (partition by product_id order by seq) as n from product_collections
) ranked where ranked.product_id = l.product_id and ranked.collection_id = l.collection_id;
alter table product_collections alter position set not null;
alter table product_collections drop column seq;
alter table product_files add position integer;
update product_files l set position = ranked.n from (
  select product_id, file_id, row_number() over (partition by product_id order by seq) as n from product_files
) ranked where ranked.product_id = l.product_id and ranked.file_id = l.file_id;
alter table product_files alter position set not null;
alter table product_files drop column seq;
