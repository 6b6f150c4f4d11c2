-- Collections. A `_key` is what text is sorted and matched by (`textKey` of the kit). Moments are in microseconds.
create table if not exists collections (
  id char(36) character set ascii collate ascii_bin not null primary key,
  -- May name a collection that is not here any more: readers skip it.
  parent_id char(36) character set ascii collate ascii_bin,
  name varchar(255) not null,
  name_key varbinary(1020) not null,
  slug varchar(255) not null,
  slug_key varbinary(1020) not null,
  -- The slug's bytes, which no two collections hold. Slugs that differ in case or in a trailing blank are different.
  slug_held varbinary(1020),
  description mediumtext not null,
  description_key varbinary(1020) not null,
  status varchar(5) not null,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  -- The values of fields that an operator added to collections, as one JSON object by the id of the field.
  field_values longtext not null default '{}',
  unique key collections_slug (slug_held),
  key collections_created (created_at_us, id),
  key collections_parent (parent_id)
)
