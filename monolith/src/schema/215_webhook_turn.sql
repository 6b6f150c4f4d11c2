-- One row. A process that plans deliveries updates it first: where another program plans them, a trigger refuses that.
create table webhook_turn (one boolean primary key default true check (one));
insert into webhook_turn default values;

-- What a delivery sends, if another program planned it from a copy of the event; null: what the event carries.
alter table integration_jobs add column resources json;
