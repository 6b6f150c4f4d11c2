create table flows (
  id          uuid primary key default gen_random_uuid(),
  slug        text not null unique,
  name        text not null,
  description text not null,
  enabled     boolean not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null
);

create table flow_fields (
  id               uuid primary key default gen_random_uuid(),
  flow_id          uuid not null references flows on delete cascade,
  slug             text not null,
  name             text not null,
  field_type       text not null check (field_type in ('string', 'integer', 'boolean', 'float', 'date', 'relationship')),
  description      text not null,
  required         boolean not null,
  is_unique        boolean not null,
  -- The value of a new entity that gives none; null: no value.
  default_value    jsonb,
  enabled          boolean not null,
  -- The place of the field among the members of an entity.
  position         integer not null,
  omit_null        boolean not null,
  validation_rules jsonb not null,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  constraint flow_fields_slug_key unique (flow_id, slug)
);

-- Entries of the flows that merchants define. The entries of products, customers and so on are these entities.
create table flow_entries (
  id         uuid primary key default gen_random_uuid(),
  flow_id    uuid not null references flows on delete cascade,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index flow_entries_flow on flow_entries (flow_id, created_at, id);

-- Values are kept beside their entity, one table for each kind of entity. The id of a field is no foreign key: readers
-- skip the values of a field that is gone.
create table flow_entry_values (
  owner_id uuid not null references flow_entries on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table product_field_values (
  owner_id uuid not null references products on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table category_field_values (
  owner_id uuid not null references categories on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table brand_field_values (
  owner_id uuid not null references brands on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table collection_field_values (
  owner_id uuid not null references collections on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table customer_field_values (
  owner_id uuid not null references customers on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table address_field_values (
  owner_id uuid not null references addresses on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table cart_field_values (
  owner_id text not null references carts on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table cart_item_field_values (
  owner_id uuid not null references cart_items on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table order_field_values (
  owner_id uuid not null references orders on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table order_item_field_values (
  owner_id uuid not null references order_items on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);
