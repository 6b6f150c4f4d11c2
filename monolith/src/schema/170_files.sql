-- Uploaded files, and links to files elsewhere. The content of an upload is on the disk, named by its hash.
create table files (
  id           uuid primary key default gen_random_uuid(),
  file_name    text not null,
  -- What filters compare: the name in lower case, with _ for blanks.
  filter_name  text not null,
  mime_type    text not null,
  -- Bytes; 0 for a link, because nothing reads it.
  file_size    bigint not null check (file_size >= 0),
  public       boolean not null,
  -- Pixels; null if the file is not an image, or its size cannot be read.
  width        integer,
  height       integer,
  -- SHA-256 in hex.
  content_hash text check (content_hash ~ '^[0-9a-f]{64}$'),
  location     text,
  created_at   timestamptz not null,
  check ((content_hash is null) <> (location is null)),
  check ((width is null) = (height is null))
);
create index files_created on files (created_at, id);
create index files_content on files (content_hash);

-- Not valid: links of earlier days name files of another place, and readers skip them. New links are checked.
alter table product_files add constraint product_files_file foreign key (file_id) references files on delete cascade not valid;
alter table product_main_images
  add constraint product_main_images_file foreign key (file_id) references files on delete cascade not valid;
create index product_files_file_index on product_files (file_id);
create index product_main_images_file_index on product_main_images (file_id);
