-- Replies to keyed requests are in the kit's table.
insert into keyed_replies (hash, client, customer, method, path, idempotency_key, body_hash, created_at_us, status, reply, owner)
  select hash, client, customer, method, path, key, body_hash, created_at_us, status, reply, integration_id::text
  from kept_replies;
drop table kept_replies;
create index keyed_replies_integration on keyed_replies ((owner::uuid)) where owner is not null;
