-- One row. Its lock makes writes of unique fields queue: two concurrent ones could each find a value free.
create table if not exists field_lock (one tinyint not null primary key) select 1 as one
