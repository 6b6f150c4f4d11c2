-- Messages that a consumer has handled, written in the transaction of their effect.
create table if not exists inbox (
  consumer varchar(100) not null,
  event_id char(36) not null,
  handled_at_ms bigint not null,
  primary key (consumer, event_id),
  key inbox_handled (handled_at_ms)
)
