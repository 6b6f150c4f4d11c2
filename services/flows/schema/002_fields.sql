-- Members that flows add to entities. Rules and the default are JSON.
create table if not exists fields (
  id char(36) character set ascii collate ascii_bin not null primary key,
  flow_id char(36) character set ascii collate ascii_bin not null,
  slug varchar(100) character set ascii collate ascii_bin not null,
  name varchar(255) not null,
  field_type varchar(12) character set ascii collate ascii_bin not null,
  description mediumtext not null,
  required boolean not null,
  is_unique boolean not null,
  default_value mediumtext not null,
  enabled boolean not null,
  position integer not null,
  omit_null boolean not null,
  validation_rules longtext not null,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  unique key fields_slug (flow_id, slug),
  key fields_created (created_at_us, id)
)
