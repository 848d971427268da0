-- Letters of authorisation as they were uploaded: one for a connection or a port reservation, the latest.
create table loa (
    document text collate "C" primary key references document (id) on delete cascade,
    media_type text collate "C" not null,
    file_name text not null,
    content bytea not null,
    uploaded_at timestamptz not null
);

-- PDFs and pictures are compressed as they are.
alter table loa alter column content set storage external;
