-- The key of customer tokens is here from the start: a service that takes over the customers gets it from here. It was made with the
-- first token before. Two random ids have 244 random bits.
insert into customer_token_key (key)
  values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
  on conflict do nothing;
