create table if not exists brands (id varchar(36) primary key, slug varchar(255) unique, state json not null)
