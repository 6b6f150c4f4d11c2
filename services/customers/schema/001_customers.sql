-- Customers. A `_key` is what text is sorted and matched by (`textKey` of the kit). Moments are in microseconds.
create table if not exists customers (
  id char(36) character set ascii collate ascii_bin not null primary key,
  name varchar(255) not null,
  name_key varbinary(1020) not null,
  email varchar(254) not null,
  email_key varbinary(1020) not null,
  -- The key of the e-mail address, which no two customers hold: addresses that differ in the case of A to Z are one.
  email_held varbinary(1020),
  -- `$scrypt$ln=…,r=…,p=…$<salt>$<hash>`. Null while the customer has no password.
  password_hash varchar(512) character set ascii collate ascii_bin,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  -- The values of fields that an operator added to customers, as one JSON object by the id of the field.
  field_values longtext not null,
  unique key customers_email (email_held),
  key customers_created (created_at_us, id)
)
