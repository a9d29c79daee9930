-- Moving and cancelling an appointment, and taking that back.

alter table bookings
  add column caller_number text, -- E.164, of the call it was booked in: another than the one that the customer left may be
  add column moves         uuid, -- of a held row: the booking of this appointment whose new time it guards; no event is made for it
  add column to_tell       text check (to_tell in ('update', 'cancel')), -- what is still to be made true at the vendor, whenever it answers
  add column to_tell_since timestamptz,
  add column cancelled_at  timestamptz,
  add column wish          text, -- digest of what was asked for under operation_key: the row itself changes when it is moved
  add column lease_number  integer not null default 0, -- counts who has worked on it: whoever was before must not undo what came after
  add constraint bookings_moves foreign key (clerk_user_id, moves) references bookings (clerk_user_id, id) on delete cascade,
  add constraint bookings_to_tell check ((to_tell is null) = (to_tell_since is null));
-- An appointment stands once, and at most one new time is guarded for it.
create unique index bookings_standing on bookings (clerk_user_id, appointment_id)
  where status in ('held', 'confirmed', 'completed', 'no_show') and moves is null;
create unique index bookings_guard on bookings (clerk_user_id, moves) where moves is not null;
create index bookings_appointment on bookings (clerk_user_id, appointment_id);
create index bookings_listed on bookings (clerk_user_id, starts_at, id);

-- By what a caller proves that an appointment is hers: its code and the number of her call, or that number alone.
alter table businesses add column change_proof text not null default 'code' check (change_proof in ('code', 'number'));

-- A move or a cancel, from the request to its end: open → done, or open → failed. While one is open there is no other of that appointment.
create table changes (
  clerk_user_id  text        not null references users (clerk_user_id) on delete cascade,
  id             uuid        not null default gen_random_uuid(),
  appointment_id uuid        not null,
  booking_id     uuid        not null, -- the booking that it changes
  kind           text        not null check (kind in ('move', 'cancel')),
  operation_key  text, -- digest of (call, function call) or of the Idempotency-Key: the same one again is the same change
  wish           text        not null, -- digest of what was asked for, to tell a repeat from another request under the same key
  state          text        not null default 'open' check (state in ('open', 'done', 'failed')),
  failure        text, -- a code of ours, when failed
  old_starts_at  timestamptz not null,
  old_ends_at    timestamptz not null,
  new_starts_at  timestamptz,
  new_ends_at    timestamptz,
  vapi_call_id   text,
  made_by        text        not null check (made_by in ('caller', 'owner')),
  undoes         uuid, -- the change that this one takes back
  asked_at       timestamptz, -- when the vendor was first asked; null: it knows nothing of it
  leased_until   timestamptz not null, -- who works on it has it until then; afterwards it is taken up by whoever settles
  lease_number   integer     not null default 0, -- counts who has worked on it
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, operation_key),
  foreign key (clerk_user_id, booking_id) references bookings (clerk_user_id, id) on delete cascade,
  check ((kind = 'move') = (new_starts_at is not null and new_ends_at is not null))
);
create unique index changes_open on changes (clerk_user_id, appointment_id) where state = 'open';
create index changes_booking on changes (clerk_user_id, booking_id);
create index changes_call on changes (clerk_user_id, vapi_call_id) where vapi_call_id is not null;
alter table changes enable row level security, force row level security;
create policy tenant on changes
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on changes to ringbook_app;
-- For what finds those that wait for nobody (0016).
create policy unsettled on changes to current_user using (state = 'open');
create policy untold on bookings to current_user using (to_tell is not null);
create index changes_unsettled on changes (leased_until) where state = 'open';
create index bookings_untold on bookings (to_tell_since) where to_tell is not null;

-- Codes that callers had wrong. Logged, so that a crash of the database does not give anybody new tries.
create table wrong_codes (
  clerk_user_id   text        not null references users (clerk_user_id) on delete cascade,
  id              uuid        not null default gen_random_uuid(),
  operation_key   text, -- digest of (call, function call): a function call that is delivered twice is one guess
  vapi_call_id    text,
  appointment_ids uuid[]      not null, -- those of the number that called, each of which may have been meant
  guessed_at      timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, operation_key)
);
create index wrong_codes_recent on wrong_codes (clerk_user_id, guessed_at);
create index wrong_codes_call on wrong_codes (clerk_user_id, vapi_call_id) where vapi_call_id is not null;
alter table wrong_codes enable row level security, force row level security;
create policy tenant on wrong_codes
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on wrong_codes to ringbook_app;

-- Counts one more part of something, unless that very part was counted before. Which one it was, the first as 1; for a part that comes again
-- what it was the first time. Both are forgotten after a day.
create function rate_limits_count_part(a_key text, a_part text) returns integer
  language plpgsql set search_path = public, pg_temp as $$
declare
  ordinal integer;
begin
  insert into rate_limits (key, hits, resets_at) values (a_part, 0, now() + interval '1 day') on conflict (key) do nothing;
  if not found then
    return (select hits from rate_limits where key = a_part);
  end if;
  insert into rate_limits as r (key, hits, resets_at) values (a_key, 1, now() + interval '1 day')
    on conflict (key) do update set hits = r.hits + 1 returning hits into ordinal;
  update rate_limits set hits = ordinal where key = a_part;
  return ordinal;
end $$;
revoke all on function rate_limits_count_part from public;
grant execute on function rate_limits_count_part to ringbook_app;
