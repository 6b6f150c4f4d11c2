-- All currencies are one aggregate, and every write rewrites the table: it has ten rows at most. Moments are in
-- microseconds.
create table currencies (
  id text primary key,
  code text not null unique,
  exchange_rate real not null check (exchange_rate > 0),
  format text not null,
  decimal_point text not null,
  thousand_separator text not null,
  decimal_places integer not null check (decimal_places between 0 and 8),
  enabled integer not null check (enabled in (0, 1)),
  is_default integer not null check (is_default in (0, 1)),
  created_at_us integer not null,
  updated_at_us integer not null,
  check (enabled = 1 or is_default = 0)
) strict;
create unique index currencies_one_default on currencies (is_default) where is_default = 1;
