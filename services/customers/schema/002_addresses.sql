-- Addresses of customers. A deleted customer's go with the customer.
create table if not exists addresses (
  id char(36) character set ascii collate ascii_bin not null primary key,
  customer_id char(36) character set ascii collate ascii_bin not null,
  name varchar(255) not null,
  first_name varchar(255) not null,
  last_name varchar(255) not null,
  company_name varchar(255) not null,
  phone_number varchar(255) not null,
  line_1 varchar(255) not null,
  line_2 varchar(255) not null,
  city varchar(255) not null,
  postcode varchar(255) not null,
  county varchar(255) not null,
  country varchar(255) not null,
  instructions text not null,
  created_at_us bigint not null,
  updated_at_us bigint not null,
  field_values longtext not null,
  key addresses_customer (customer_id, created_at_us, id),
  key addresses_created (created_at_us, id)
)
