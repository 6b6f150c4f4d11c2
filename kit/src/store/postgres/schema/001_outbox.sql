-- Facts that wait for the relay. Ids are given before the commit, so the relay takes what is unpublished and follows no id.
create table outbox (
  id bigint generated always as identity primary key,
  event_id uuid not null unique,
  type text not null,
  type_version integer not null,
  aggregate_id text not null,
  aggregate_version bigint not null,
  -- JSON
  state text not null,
  occurred_at_us bigint not null,
  trace text,
  deadline_ms bigint,
  -- Null until it is published. Unix ms.
  published_at_ms bigint
);
create index outbox_unpublished on outbox (id) where published_at_ms is null;
create index outbox_published on outbox (published_at_ms) where published_at_ms is not null;
