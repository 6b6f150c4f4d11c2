-- Moments are in microseconds.
create table integrations (
  id uuid primary key,
  name text not null,
  description text not null,
  enabled boolean not null,
  observes text[] not null,
  url text not null,
  secret_key text,
  created_at_us bigint not null,
  updated_at_us bigint not null
);
create index integrations_created on integrations (created_at_us, id);

-- What was replied to requests with an Idempotency-Key, for a day.
create table kept_replies (
  -- SHA-256 of what the key belongs to: caller, method, path and key. In hex.
  hash text primary key,
  client text not null,
  customer text not null,
  method text not null,
  path text not null,
  key text not null,
  body_hash text not null,
  -- Null only inside the transaction that writes the row.
  status integer,
  reply text,
  -- The integration that the request made; null for a refusal, which stays here when integrations move.
  integration_id uuid,
  created_at_us bigint not null
);
create index kept_replies_integration on kept_replies (integration_id) where integration_id is not null;
create index kept_replies_created on kept_replies (created_at_us);
