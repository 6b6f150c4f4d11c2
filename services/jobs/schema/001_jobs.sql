-- Moments are in microseconds. No second indexes: the engine would delete and insert each row that is updated.
create table jobs (
  id text primary key,
  job_type text not null,
  -- In the grammar of list filters; empty without one.
  filter text not null,
  status text not null check (status in ('pending', 'processing', 'complete', 'failed')),
  -- Why the job failed.
  error text,
  attempts bigint not null,
  -- Until when the monolith leaves a job that is processing to the one who has it.
  leased_until_us bigint,
  -- How many pieces the file of a complete job has.
  pieces bigint,
  created_at_us bigint not null,
  updated_at_us bigint not null
);

-- The file of a job, in pieces, so that no one holds all of it.
create table job_files (
  job_id text not null,
  position bigint not null,
  content text not null,
  primary key (job_id, position)
);

-- Replies to requests that had an Idempotency-Key.
create table replies (
  hash text primary key,
  job_id text not null,
  client text not null,
  customer text not null,
  method text not null,
  path text not null,
  key text not null,
  body_hash text not null,
  status bigint not null,
  reply text not null,
  created_at_us bigint not null
);

-- A copy of the orders, for exports and reports. Amounts are in minor units.
create table orders (
  id text primary key,
  status text not null,
  payment text not null,
  shipping text not null,
  currency text not null,
  with_tax bigint not null,
  without_tax bigint not null,
  tax bigint not null,
  customer_id text,
  customer_name text not null,
  customer_email text not null,
  shipping_name text,
  shipping_postcode text,
  billing_name text,
  billing_postcode text,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  -- Its lines of an export.
  lines text not null,
  -- A fact told of it since the owner was asked last.
  told boolean not null
);
create table order_items (
  order_id text not null,
  product_id text,
  sku text not null,
  name text not null,
  quantity bigint not null,
  unit_amount bigint not null
);

-- One row: up to where the owner's orders have been read. Null: not yet.
create table orders_read (position text);
insert into orders_read values (null);
