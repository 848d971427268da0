-- A PoP has objects of many owners and kinds: with these in the index, a filter looks at just the rows that go out.
drop index document_pop;
create index document_pop on document ((body ->> 'pop'), kind, managing_account) where body ->> 'pop' is not null;
create index document_pop_consuming on document ((body ->> 'pop'), kind, consuming_account)
    where body ->> 'pop' is not null;
