-- The newest version of every aggregate, and whether the follower lacks it. A row stays as a tombstone after a delete.
create table if not exists aggregate_versions (
  resource varchar(64) not null,
  aggregate_key varchar(512) not null,
  version bigint not null,
  deleted boolean not null,
  pending boolean not null,
  primary key (resource, aggregate_key),
  key aggregate_versions_pending (resource, pending, version),
  key aggregate_versions_newest (resource, version)
)
