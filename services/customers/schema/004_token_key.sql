-- The key that customer tokens are signed with: one row. It comes from the monolith, whose tokens stay valid then.
create table if not exists token_key (
  one tinyint not null primary key check (one = 1),
  signing_key varbinary(512) not null
)
