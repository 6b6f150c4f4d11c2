-- Flows: sets of fields. Slugs are ASCII. Moments are in microseconds.
create table if not exists flows (
  id char(36) character set ascii collate ascii_bin not null primary key,
  slug varchar(100) character set ascii collate ascii_bin not null,
  -- The slug, which no two flows hold.
  slug_held varchar(100) character set ascii collate ascii_bin,
  name varchar(255) not null,
  description mediumtext not null,
  enabled boolean not null,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  unique key flows_slug (slug_held),
  key flows_created (created_at_us, id)
)
