-- Never the same number twice, whatever becomes of a transaction.
create sequence if not exists version_counter
