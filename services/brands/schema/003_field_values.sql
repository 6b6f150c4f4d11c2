-- The values of fields that an operator added to brands, as one JSON object by the id of the field.
alter table brands add column if not exists field_values longtext not null default '{}'
