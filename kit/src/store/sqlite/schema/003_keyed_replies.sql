-- What was replied to requests with an Idempotency-Key, for a day. Written in the transaction of the effect.
create table keyed_replies (
  -- SHA-256 of what the key belongs to: caller, method, path and key. In hex.
  hash text primary key,
  client text not null,
  customer text not null,
  method text not null,
  path text not null,
  idempotency_key text not null,
  body_hash text not null,
  created_at_us integer not null,
  -- Null only inside the transaction that claims the key.
  status integer,
  reply text,
  -- The aggregate that the reply moves with. Null: it stays in this store.
  owner text
) strict;
create index keyed_replies_owner on keyed_replies (owner) where owner is not null;
create index keyed_replies_created on keyed_replies (created_at_us);
