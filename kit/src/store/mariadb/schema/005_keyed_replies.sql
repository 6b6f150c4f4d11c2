-- What was replied to requests with an Idempotency-Key, for a day. Written in the transaction of the effect.
create table if not exists keyed_replies (
  -- SHA-256 of what the key belongs to: caller, method, path and key. In hex.
  hash char(64) not null primary key,
  client text not null,
  customer text not null,
  method varchar(10) not null,
  path text not null,
  idempotency_key varchar(255) not null,
  body_hash char(64) not null,
  created_at_us bigint not null,
  -- Null only inside the transaction that claims the key.
  status int,
  reply longtext,
  -- The aggregate that the reply moves with. Null: it stays in this store.
  owner varchar(255),
  key keyed_replies_owner (owner),
  key keyed_replies_created (created_at_us)
)
