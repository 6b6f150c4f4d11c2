-- The settings are one aggregate, and one row. Moments are in microseconds.
create table settings (
  one_row integer primary key default 1 check (one_row = 1),
  page_length integer not null check (page_length between 1 and 100),
  list_child_products integer not null check (list_child_products in (0, 1)),
  -- A list of codes, in the order in which they were given.
  additional_languages text not null check (json_valid(additional_languages)),
  calculation_method text not null check (calculation_method in ('simple', 'line')),
  updated_at_us integer not null
) strict;
