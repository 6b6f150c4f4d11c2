create table promotions (
  id                 uuid primary key default gen_random_uuid(),
  name               text not null,
  description        text not null,
  enabled            boolean not null,
  -- Applies to every cart that qualifies, without a code.
  automatic          boolean not null,
  promotion_type     text not null,
  -- What the type needs: amounts, percentages, targets.
  schema             jsonb not null,
  -- [{"currency": "USD", "amount": 1000}]
  min_cart_value     jsonb not null,
  max_discount_value jsonb not null,
  starts_at          timestamptz not null,
  ends_at            timestamptz not null,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  check (ends_at > starts_at)
);

create table promotion_field_values (
  owner_id uuid not null references promotions on delete cascade,
  field_id uuid not null,
  value    jsonb not null,
  primary key (owner_id, field_id)
);

create table promotion_codes (
  id           uuid primary key default gen_random_uuid(),
  promotion_id uuid not null references promotions on delete cascade,
  code         text not null unique,
  -- Number of orders that may use the code; null: any number.
  uses         integer check (uses > 0),
  -- Id or e-mail address of the one customer who may use the code; null: every customer.
  for_customer text,
  created_at   timestamptz not null
);
create index promotion_codes_promotion on promotion_codes (promotion_id, created_at, id);

-- The codes that were entered into a cart. What each is worth is calculated whenever the cart is read.
create table cart_promotions (
  -- Id of the line.
  id           uuid primary key default gen_random_uuid(),
  cart_id      text not null references carts on delete cascade,
  -- No foreign key: a line outlives its promotion, and is then worth nothing.
  promotion_id uuid not null,
  code         text not null,
  name         text not null,
  description  text not null,
  created_at   timestamptz not null,
  unique (cart_id, code)
);

-- What a promotion was worth to an order: both the record of the use, and a line of the order.
create table promotion_uses (
  id           uuid primary key default gen_random_uuid(),
  order_id     uuid not null references orders on delete cascade,
  position     integer not null,
  promotion_id uuid not null,
  code         text not null,
  name         text not null,
  cart_item_id uuid,
  -- Minor units that the order costs less; amount = net_amount + tax_amount.
  amount       bigint not null check (amount >= 0),
  net_amount   bigint not null check (net_amount >= 0),
  tax_amount   bigint not null check (tax_amount >= 0),
  created_at   timestamptz not null,
  unique (code, order_id)
);
create index promotion_uses_order on promotion_uses (order_id);

-- How many orders have used a code. One row for each used code, apart from the codes: orders count their uses.
create table promotion_code_counts (
  code_id uuid primary key,
  used    integer not null check (used > 0)
);
