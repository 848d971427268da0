-- Refusals are remembered under an Idempotency-Key as well; they have no status.
alter table idempotency alter column status drop not null;
