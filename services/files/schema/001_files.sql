-- Uploaded files, and links to files elsewhere. The content of an upload is on the disk beside this store, named by its
-- hash. Moments are in microseconds.
create table files (
  id text primary key,
  file_name text not null,
  -- What filters compare: the name in lower case, with _ for blanks.
  filter_name text not null,
  -- The bytes by which that is sorted and matched.
  filter_name_key blob not null,
  mime_type text not null,
  -- Bytes; 0 for a link, because nothing reads it.
  file_size integer not null check (file_size >= 0),
  public integer not null check (public in (0, 1)),
  -- Pixels; null if the file is not an image, or its size cannot be read.
  width integer,
  height integer,
  -- SHA-256 in hex.
  content_hash text check (length(content_hash) = 64),
  location text,
  created_at_us integer not null,
  check ((content_hash is null) <> (location is null)),
  check ((width is null) = (height is null))
) strict;
create index files_created on files (created_at_us, id);
create index files_content on files (content_hash);
