-- Debt 22: one row per change, written inside the request that made it.
create table audit_log (
  id         bigint generated always as identity primary key,
  actor      text not null,
  action     text not null,
  entity     text not null,
  entity_id  text not null,
  created_at timestamptz not null default now()
);
