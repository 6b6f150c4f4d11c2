-- Facts that wait for the relay. Ids are given before the commit, so the relay takes what is unpublished and follows no id.
create table if not exists outbox (
  id bigint not null auto_increment primary key,
  event_id char(36) not null unique,
  type varchar(100) not null,
  type_version int not null,
  aggregate_id varchar(255) not null,
  aggregate_version bigint not null,
  state longtext not null,
  occurred_at_us bigint not null,
  trace text,
  deadline_ms bigint,
  -- Null until it is published. Unix ms.
  published_at_ms bigint,
  key outbox_unpublished (published_at_ms, id)
)
