-- Messages that a consumer has handled, written in the transaction of their effect.
create table inbox (
  consumer text not null,
  event_id text not null,
  handled_at_ms integer not null,
  primary key (consumer, event_id)
) strict;
create index inbox_handled on inbox (handled_at_ms);

-- The newest version that a consumer has seen of an aggregate. A row stays after the aggregate is deleted.
create table inbox_versions (
  consumer text not null,
  resource text not null,
  aggregate_id text not null,
  version integer not null,
  primary key (consumer, resource, aggregate_id)
) strict;

-- How often a consumer failed to handle a message, and why it did the last time.
create table inbox_failures (
  consumer text not null,
  event_id text not null,
  failures integer not null,
  reason text not null,
  failed_at_ms integer not null,
  primary key (consumer, event_id)
) strict;
create index inbox_failures_failed on inbox_failures (failed_at_ms);
