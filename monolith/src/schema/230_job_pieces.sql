-- How many pieces the file of a complete job has: a copy of it is whole when it has as many.
alter table jobs add column pieces integer;
