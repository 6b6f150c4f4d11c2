-- Facts that wait for the relay. One transaction writes at a time, so the order of ids is the order of commits.
create sequence outbox_ids;
create table outbox (
  id bigint primary key default nextval('outbox_ids'),
  event_id text not null,
  type text not null,
  type_version integer not null,
  aggregate_id text not null,
  aggregate_version bigint not null,
  -- JSON
  state text not null,
  occurred_at_us bigint not null,
  trace text,
  deadline_ms bigint,
  -- Null until it is published. Unix ms. Without an index: the engine would delete and insert the row.
  published_at_ms bigint
);
