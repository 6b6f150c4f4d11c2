-- Which side may write a move group: this store, or the system that the data come from. See src/import.
create table if not exists ownership (
  group_name varchar(64) not null primary key,
  epoch bigint not null,
  state varchar(10) not null,
  way_back boolean not null
)
