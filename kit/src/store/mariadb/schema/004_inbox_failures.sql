-- How often a consumer failed to handle a message, and why it did the last time.
create table if not exists inbox_failures (
  consumer varchar(100) not null,
  event_id char(36) not null,
  failures int not null,
  reason text not null,
  failed_at_ms bigint not null,
  primary key (consumer, event_id),
  key inbox_failures_failed (failed_at_ms)
)
