-- Which side may write a move group: this store, or the system that the data come from. See src/import.
create table ownership (
  group_name text primary key,
  epoch bigint not null,
  state text not null check (state in ('owner', 'follower', 'fenced')),
  way_back boolean not null
);

-- The newest version of every aggregate, and whether the follower lacks it. A row stays as a tombstone after a delete.
-- Without a second index: the engine would delete and insert each row that is updated.
create table aggregate_versions (
  resource text not null,
  aggregate_key text not null,
  version bigint not null,
  deleted boolean not null,
  pending boolean not null,
  primary key (resource, aggregate_key)
);

-- One row. A number of a transaction that was rolled back is drawn again: no other process has seen it.
create table version_counter (counter bigint not null);
insert into version_counter values (0);
