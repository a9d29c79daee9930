-- One row per booking, made before the calendar vendor is asked. held → confirmed, or held → failed.
create table bookings (
  clerk_user_id       text        not null references users (clerk_user_id) on delete cascade,
  id                  uuid        not null default gen_random_uuid(), -- the vendor's event id is derived from it
  appointment_id      uuid        not null, -- stays the same when an appointment is moved
  connection_id       uuid, -- the calendar it went to; null once that account is disconnected
  provider_event_id   text,
  provider_event_link text,
  operation_key       text, -- digest of (call, function call): the same one again is the same booking; null where it has no id
  call_key            text, -- digest of (call, time): the same time under a new id in that call is the same booking; null outside a call
  vapi_call_id        text,
  status              text        not null check (status in ('held', 'confirmed', 'cancelled', 'completed', 'no_show', 'failed')),
  failure             text, -- a code of ours, when failed
  subject             text        not null,
  address             text,
  notes               text,
  customer_name       text,
  customer_email      text,
  customer_phone      text, -- E.164 where it could be read so
  starts_at           timestamptz not null,
  ends_at             timestamptz not null,
  during              tstzrange   not null, -- what it occupies
  time_zone           text        not null, -- IANA, in which it was agreed
  asked_at            timestamptz, -- when the vendor was first asked to create the event; null: it knows nothing of it
  leased_until        timestamptz not null, -- who works on it has it until then; afterwards the sweeper takes it up
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, operation_key),
  foreign key (clerk_user_id, connection_id) references oauth_tokens (clerk_user_id, id) on delete set null (connection_id),
  check (starts_at < ends_at),
  -- No two appointments of a tenant overlap, whatever the code does and whichever calendars are connected.
  constraint bookings_overlap exclude using gist (clerk_user_id with =, during with &&, appointment_id with <>)
    where (status in ('held', 'confirmed', 'completed', 'no_show'))
);
create index bookings_held on bookings (leased_until) where status = 'held';
alter table bookings enable row level security, force row level security;
create policy tenant on bookings
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy claim on bookings to current_user using (status = 'held');
grant select, insert, update, delete on bookings to ringbook_app;

-- Bookings that somebody left half-way, of all tenants, leased to the one who asks. The work on each then runs under its tenant.
create function bookings_claim_unsettled(lease_ms integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query
    update bookings b set leased_until = now() + lease_ms * interval '1 millisecond'
    where (b.clerk_user_id, b.id) in (
      select h.clerk_user_id, h.id from bookings h
      where h.status = 'held' and h.leased_until < now()
      order by h.leased_until limit at_most for update skip locked)
    returning b.clerk_user_id, b.id;
end $$;
revoke all on function bookings_claim_unsettled from public;
grant execute on function bookings_claim_unsettled to ringbook_app;
