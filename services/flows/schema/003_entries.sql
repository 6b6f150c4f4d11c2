-- Entries of the flows that merchants define. The entries of products, customers and so on are these entities, elsewhere.
create table if not exists entries (
  id char(36) character set ascii collate ascii_bin not null primary key,
  -- May name a flow that is not here any more, while its entries are on their way: nothing finds them.
  flow_id char(36) character set ascii collate ascii_bin not null,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  key entries_flow (flow_id, created_at_us, id)
)
