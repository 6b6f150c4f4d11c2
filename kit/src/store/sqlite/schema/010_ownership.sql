-- Which side may write a move group: this store, or the system that the data come from. See src/import.
create table ownership (
  group_name text primary key,
  epoch integer not null,
  state text not null check (state in ('owner', 'follower', 'fenced')),
  way_back integer not null
) strict;

-- The newest version of every aggregate, and whether the follower lacks it. A row stays as a tombstone after a delete.
create table aggregate_versions (
  resource text not null,
  aggregate_key text not null,
  version integer not null,
  deleted integer not null,
  pending integer not null,
  primary key (resource, aggregate_key)
) strict, without rowid;
create index aggregate_versions_pending on aggregate_versions (resource, version) where pending = 1;
create index aggregate_versions_newest on aggregate_versions (resource, version);

-- One row. A number of a transaction that was rolled back is drawn again: no other process has seen it.
create table version_counter (one integer primary key check (one = 1), counter integer not null) strict;
insert into version_counter (one, counter) values (1, 0);
