-- Which side may write a move group: this store, or the system that the data come from. See src/import.
create table ownership (
  group_name text primary key,
  epoch bigint not null,
  state text not null check (state in ('owner', 'follower', 'fenced')),
  way_back smallint not null
);

-- The newest version of every aggregate, and whether the follower lacks it. A row stays as a tombstone after a delete.
create table aggregate_versions (
  resource text not null,
  aggregate_key text collate "C" not null,
  version bigint not null,
  deleted smallint not null,
  pending smallint not null,
  primary key (resource, aggregate_key)
);
create index aggregate_versions_pending on aggregate_versions (resource, version) where pending = 1;
create index aggregate_versions_newest on aggregate_versions (resource, version);

-- Never the same number twice, whatever becomes of a transaction.
create sequence version_counter;
