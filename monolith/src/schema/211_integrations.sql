create table integrations (
  id               uuid primary key default gen_random_uuid(),
  name             text not null,
  description      text not null,
  integration_type text not null check (integration_type = 'webhook'),
  enabled          boolean not null default false,
  observes         text[] not null,
  url              text not null,
  secret_key       text,
  created_at       timestamptz not null,
  updated_at       timestamptz not null
);

-- One delivery for each event and integration. Its id is the UUIDv5 of both, so that no second one can be made.
create table integration_jobs (
  id              uuid primary key,
  integration_id  uuid not null references integrations on delete cascade,
  event_id        uuid not null references shop_events on delete cascade,
  status          text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,
  -- Until then, one process has the delivery to itself.
  leased_until    timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  unique (event_id, integration_id)
);
create index integration_jobs_due on integration_jobs (next_attempt_at) where status = 'pending';
create index integration_jobs_integration on integration_jobs (integration_id, created_at desc, id desc);

-- One attempt to deliver, and how it ended.
create table integration_logs (
  id              uuid primary key default gen_random_uuid(),
  job_id          uuid not null references integration_jobs on delete cascade,
  integration_id  uuid not null references integrations on delete cascade,
  attempt         integer not null,
  succeeded       boolean not null,
  -- Seconds.
  processing_time double precision not null,
  -- The first characters of the reply; null without one, like its status.
  body            text,
  status_code     integer,
  error_detail    text,
  created_at      timestamptz not null
);
create index integration_logs_job on integration_logs (job_id);
create index integration_logs_integration on integration_logs (integration_id, created_at desc, id desc);
create index integration_logs_created on integration_logs (created_at desc, id desc);
