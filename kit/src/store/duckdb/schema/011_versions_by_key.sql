-- One text as the key: with a key of two columns each look at a row reads the table, and an index only finds one value.
create table versions_by_name (
  -- <resource>/<key>. No resource has a slash in its name.
  name text primary key,
  resource text not null,
  version bigint not null,
  deleted boolean not null,
  pending boolean not null
);
insert into versions_by_name
  select resource || '/' || aggregate_key, resource, version, deleted, pending from aggregate_versions;
drop table aggregate_versions;
alter table versions_by_name rename to aggregate_versions;
