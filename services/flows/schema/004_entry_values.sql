-- The values of entries. Whether a unique one is taken, the key by its hash (SHA-256 of the JSON) tells.
create table if not exists entry_values (
  entry_id char(36) character set ascii collate ascii_bin not null,
  field_id char(36) character set ascii collate ascii_bin not null,
  value longtext not null,
  value_hash binary(32) not null,
  primary key (entry_id, field_id),
  key entry_values_field (field_id, value_hash)
)
