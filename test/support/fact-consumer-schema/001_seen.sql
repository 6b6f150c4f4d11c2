-- The facts that the consumer has seen.
create table seen (event_id text not null)
