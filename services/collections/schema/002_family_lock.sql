-- One row. Its lock makes changes of parents queue: two concurrent ones can each be valid and close a circle together.
create table if not exists family_lock (one tinyint not null primary key) select 1 as one
