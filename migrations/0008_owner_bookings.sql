-- Bookings that the owner makes herself, over REST. A caller's are made by phone. What her event says is written from its row, also when it
-- is made again after a crash.
alter table bookings
  add column booked_by text  not null default 'caller' check (booked_by in ('caller', 'owner')),
  add column guests    jsonb not null default '[]'; -- invited besides the customer: [{ "name", "email" }]

comment on column bookings.operation_key is
  'digest of (call, function call), or of the owner''s Idempotency-Key: the same one again is the same booking; null where it has no id';
comment on column bookings.call_key is
  'digest of (call, time): the same time under a new id in that call is the same booking. Of all that the owner sent without a key: the same within a minute is the same booking';
