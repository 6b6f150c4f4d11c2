-- Requests that had an Idempotency-Key, and what they were answered. A row is written in the transaction of its effect.
create table idempotency_keys (
  -- SHA-256 over the five columns below it, because these can be longer than an index entry may be.
  scope_hash bytea primary key,
  -- Kind of the access token, and the client that it was given to.
  client     text not null,
  -- Empty where the request had no customer token.
  customer   text not null,
  method     text not null,
  path       text not null,
  key        text not null,
  -- SHA-256 of the request's body.
  body_hash  bytea not null,
  -- Null only inside the transaction that does the work.
  status     integer,
  reply      text,
  created_at timestamptz not null
);
create index idempotency_keys_created on idempotency_keys (created_at);
