-- How the items of an order are priced: as the cart was at checkout, whatever the settings say later.
alter table orders add column calculation_method text not null default 'simple'
  check (calculation_method in ('simple', 'line'));
