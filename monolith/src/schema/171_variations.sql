-- What products may differ in: a size has the options S, M and L. Products share variations.
create table variations (
  id         uuid primary key default gen_random_uuid(),
  name       text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index variations_created on variations (created_at, id);

create table variation_options (
  id           uuid primary key default gen_random_uuid(),
  variation_id uuid not null references variations on delete cascade,
  name         text not null,
  description  text not null default '',
  created_at   timestamptz not null,
  updated_at   timestamptz not null
);
create index variation_options_variation on variation_options (variation_id, created_at, id);

-- How an option changes the product that is built with it.
create table option_modifiers (
  id            uuid primary key default gen_random_uuid(),
  option_id     uuid not null references variation_options on delete cascade,
  modifier_type text not null,
  value         jsonb not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null
);
create index option_modifiers_option on option_modifiers (option_id, created_at, id);

create table product_variations (
  product_id   uuid not null references products on delete cascade,
  variation_id uuid not null references variations on delete cascade,
  -- Order of the variations, and of the levels of the matrix. From 0.
  position     integer not null,
  primary key (product_id, variation_id)
);
create index product_variations_variation on product_variations (variation_id);

-- A child is built from its parent, one for each combination of options.
alter table products add column parent_id uuid references products on delete cascade;
create index products_parent on products (parent_id) where parent_id is not null;

create table child_options (
  child_id     uuid not null references products on delete cascade,
  position     integer not null,
  -- No foreign keys: a child stays as it was built until the next build.
  variation_id uuid not null,
  option_id    uuid not null,
  primary key (child_id, position)
);
