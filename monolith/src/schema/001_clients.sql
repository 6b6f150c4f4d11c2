create table api_clients (
  id               uuid primary key default gen_random_uuid(),
  name             text not null,
  client_id        text not null unique,
  -- $scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt, base64>$<hash, base64>
  secret_hash      text not null,
  -- Grants that the client may ask for: 'implicit', 'client_credentials'.
  identifier_kinds text[] not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  revoked_at       timestamptz
);

-- What a kind of token may do: kind -> roles -> permissions -> resources.
create table api_resources (
  id   integer primary key,
  name text not null unique,
  -- The part of the shop that a scope names.
  area text not null
);

create table api_permissions (
  id          integer primary key,
  resource_id integer not null references api_resources,
  verb        text not null check (verb in ('create', 'read', 'update', 'delete')),
  unique (resource_id, verb)
);

create table api_roles (
  id              integer primary key,
  name            text not null unique,
  identifier_kind text not null
);

create table api_role_permissions (
  role_id       integer not null references api_roles,
  permission_id integer not null references api_permissions,
  primary key (role_id, permission_id)
);

insert into api_resources (id, name, area) values
  (1, 'products', 'catalog'), (2, 'categories', 'catalog'), (3, 'brands', 'catalog'), (4, 'collections', 'catalog'),
  (5, 'variations', 'catalog'), (6, 'files', 'catalog'), (7, 'flows', 'catalog'), (8, 'currencies', 'catalog'),
  (9, 'inventories', 'stock'), (10, 'stock-transactions', 'stock'),
  (11, 'carts', 'carts'), (12, 'cart-items', 'carts'), (13, 'checkout', 'carts'), (14, 'cart-taxes', 'taxes'),
  (15, 'customers', 'customers'), (16, 'addresses', 'customers'), (17, 'customer-tokens', 'sign-up'),
  (18, 'orders', 'orders'), (19, 'order-items', 'orders'), (20, 'payments', 'payments'),
  (21, 'transactions', 'orders'), (22, 'gateways', 'store'), (23, 'promotions', 'store'),
  (24, 'integrations', 'store'), (25, 'settings', 'store'), (26, 'jobs', 'store');

insert into api_permissions (id, resource_id, verb)
select (r.id - 1) * 4 + v.ordinality, r.id, v.verb
from api_resources r cross join unnest(array['create', 'read', 'update', 'delete']) with ordinality as v (verb, ordinality);

insert into api_roles (id, name, identifier_kind) values
  (1, 'catalog-manager', 'client_credentials'),
  (2, 'order-manager', 'client_credentials'),
  (3, 'store-manager', 'client_credentials'),
  (4, 'storefront', 'implicit'),
  (5, 'shopper', 'implicit');

insert into api_role_permissions (role_id, permission_id)
select role.id, p.id
from api_permissions p
join api_resources r on r.id = p.resource_id
join api_roles role on
  (role.name = 'catalog-manager' and r.area in ('catalog', 'stock'))
  or (role.name = 'order-manager' and r.area in ('carts', 'taxes', 'customers', 'sign-up', 'orders', 'payments'))
  or (role.name = 'store-manager' and r.area in ('store'))
  or (role.name = 'storefront' and r.area in ('catalog', 'stock') and r.name <> 'variations' and p.verb = 'read')
  or (role.name = 'shopper' and r.area in ('carts', 'payments'))
  or (role.name = 'shopper' and r.area = 'sign-up' and p.verb = 'create');
