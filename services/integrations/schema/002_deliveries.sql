-- Facts that were heard of, whichever side plans deliveries. Kept for a day.
create table heard_events (
  id uuid primary key,
  -- An observable key, such as order.paid.
  key text not null,
  entity_id text not null,
  -- JSON: the entity as the API showed it then, with data and perhaps included; {type, id} of a deleted entity.
  resources text not null,
  occurred_at_us bigint not null,
  heard_at_us bigint not null,
  -- Its deliveries were planned, here or by the owner before.
  planned boolean not null
);
create index heard_events_unplanned on heard_events (heard_at_us) where not planned;
create index heard_events_heard on heard_events (heard_at_us);

-- One delivery for each event and integration. Its id is the UUIDv5 of both, so that no second one can be made.
create table deliveries (
  id uuid primary key,
  integration_id uuid not null,
  event_id uuid not null,
  entity_id text not null,
  key text not null,
  -- See heard_events. Null when nothing is left to send.
  resources text,
  status text not null check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null,
  next_attempt_at_us bigint not null,
  -- Until then, one process has the delivery to itself.
  leased_until_us bigint,
  created_at_us bigint not null,
  updated_at_us bigint not null
);
create index deliveries_due on deliveries (next_attempt_at_us) where status = 'pending';
create index deliveries_integration on deliveries (integration_id, created_at_us desc, id desc);
create index deliveries_created on deliveries (created_at_us);

-- One attempt to deliver, and how it ended.
create table delivery_logs (
  id uuid primary key,
  delivery_id uuid not null,
  integration_id uuid not null,
  attempt integer not null,
  succeeded boolean not null,
  -- Seconds.
  processing_time double precision not null,
  -- The first characters of the reply; null without one, like its status.
  body text,
  status_code integer,
  error_detail text,
  created_at_us bigint not null
);
create index delivery_logs_delivery on delivery_logs (delivery_id);
create index delivery_logs_integration on delivery_logs (integration_id, created_at_us desc, id desc);
create index delivery_logs_created on delivery_logs (created_at_us desc, id desc);
