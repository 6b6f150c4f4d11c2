-- Facts that wait for the relay. There is one writer, so the order of ids is the order of commits.
create table outbox (
  id integer primary key autoincrement,
  event_id text not null unique,
  type text not null,
  type_version integer not null,
  aggregate_id text not null,
  aggregate_version integer not null,
  -- JSON
  state text not null,
  occurred_at_us integer not null,
  trace text,
  deadline_ms integer,
  -- Null until it is published. Unix ms.
  published_at_ms integer
) strict;
create index outbox_unpublished on outbox (id) where published_at_ms is null;
create index outbox_published on outbox (published_at_ms) where published_at_ms is not null;
