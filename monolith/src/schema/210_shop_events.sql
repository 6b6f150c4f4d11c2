-- What has happened in the shop, written in the transaction of the change. Webhooks are made from it.
create table shop_events (
  id            uuid primary key default gen_random_uuid(),
  seq           bigint generated always as identity unique,
  -- An observable key, such as order.paid.
  key           text not null,
  -- An id of the API: a UUID, the id of a cart or the slug of a gateway.
  entity_id     text not null,
  -- The entity as the API showed it then, with data and perhaps included; {type, id} of a deleted entity. Keeps its text.
  resources     json not null,
  created_at    timestamptz not null,
  -- When its deliveries were planned; null until then.
  dispatched_at timestamptz
);
create index shop_events_new on shop_events (seq) where dispatched_at is null;
create index shop_events_created on shop_events (created_at);
