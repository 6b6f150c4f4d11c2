-- What a product is called in another language (X-MOLTIN-LANGUAGE). Null: as in the product itself.
create table product_translations (
  product_id  uuid not null references products on delete cascade,
  -- ISO 639-1.
  language    text not null check (language ~ '^[a-z]{2}$'),
  name        text,
  description text,
  primary key (product_id, language)
);
