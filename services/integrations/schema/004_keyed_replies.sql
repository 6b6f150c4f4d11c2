-- Replies to keyed requests are in the kit's table from now on. Their table before stays, for instances of an older version
-- that run beside newer ones: nothing else reads it. A store that has lost it gets it again, without rows.
create table if not exists kept_replies (
  hash text primary key,
  client text not null,
  customer text not null,
  method text not null,
  path text not null,
  key text not null,
  body_hash text not null,
  status integer,
  reply text,
  integration_id uuid,
  created_at_us bigint not null
);
insert into keyed_replies (hash, client, customer, method, path, idempotency_key, body_hash, created_at_us, status, reply, owner)
  select hash, client, customer, method, path, key, body_hash, created_at_us, status, reply, integration_id::text
  from kept_replies
  on conflict (hash) do nothing;
create index if not exists keyed_replies_integration on keyed_replies ((owner::uuid)) where owner is not null;
