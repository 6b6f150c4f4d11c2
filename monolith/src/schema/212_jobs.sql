-- Work that a client asks for and that runs after the reply.
create table jobs (
  id           uuid primary key default gen_random_uuid(),
  job_type     text not null check (job_type = 'order_export'),
  -- In the grammar of list filters; empty without one.
  filter       text not null default '',
  status       text not null default 'pending' check (status in ('pending', 'processing', 'complete', 'failed')),
  -- Why the job failed.
  error        text,
  attempts     integer not null default 0,
  leased_until timestamptz,
  created_at   timestamptz not null,
  updated_at   timestamptz not null
);
create index jobs_open on jobs (created_at) where status in ('pending', 'processing');

-- The file of a complete job, in pieces, so that neither the writer nor a reader holds all of it.
create table job_files (
  job_id   uuid not null references jobs on delete cascade,
  position integer not null,
  content  text not null,
  primary key (job_id, position)
);
