-- The newest version that a consumer has seen of an aggregate. A row stays after the aggregate is deleted.
create table if not exists inbox_versions (
  consumer varchar(100) not null,
  resource varchar(100) not null,
  aggregate_id varchar(255) not null,
  version bigint not null,
  primary key (consumer, resource, aggregate_id)
)
