-- Whether a row is there because of what time does to its subject by itself; a subject has one such moment at most.
alter table work add column dated boolean not null default false;
