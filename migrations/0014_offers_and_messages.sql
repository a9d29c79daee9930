-- The country whose national numbers callers say, as ISO 3166 has it; null: that of the business's own number, else of its time zone.
alter table businesses add column phone_region text check (phone_region ~ '^[A-Z]{2}$');

-- Times that were found free in a call, so that a booking can name one by its letter and "anything later?" needs no second look. An offer is no
-- promise: what is booked is checked again.
create table call_offers (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  vapi_call_id  text        not null,
  starts_at     timestamptz not null,
  ends_at       timestamptz not null,
  slot          text, -- A, B, C …; null: found, but not yet said
  answer        integer     not null, -- the latest answer of the call that held it, counted from 1
  offered_at    timestamptz not null, -- by the clock of the rules: how fresh it is
  primary key (clerk_user_id, vapi_call_id, starts_at, ends_at),
  unique (clerk_user_id, vapi_call_id, slot),
  check (starts_at < ends_at)
);
create index call_offers_age on call_offers (offered_at);
alter table call_offers enable row level security, force row level security;
create policy tenant on call_offers
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy outdated on call_offers to current_user using (true);
grant select, insert, update, delete on call_offers to ringbook_app;

-- Nobody chooses from what was offered in a call that is over.
create function call_offers_drop_old(hours integer) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  dropped bigint;
begin
  delete from call_offers where offered_at < now() - hours * interval '1 hour';
  get diagnostics dropped = row_count;
  return dropped;
end $$;
revoke all on function call_offers_drop_old from public;
grant execute on function call_offers_drop_old to ringbook_app;

-- What a caller leaves for the owner.
create table caller_messages (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  id            uuid        not null default gen_random_uuid(),
  vapi_call_id  text,
  operation_key text, -- digest of (call, function call): the same one again is the same message; null where it has no id
  words_key     text, -- digest of (call, words): the same words again in that call are the same message; null outside a call
  status        text        not null default 'new' check (status in ('new', 'read', 'done')),
  caller_name   text,
  call_number   text, -- E.164, from which the call came, where the assistant has proven itself
  phone         text, -- E.164, as the caller said it
  email         text,
  words         text        not null,
  wished_time   text, -- in the caller's words
  address       text,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, operation_key),
  unique (clerk_user_id, words_key)
);
create index caller_messages_newest on caller_messages (clerk_user_id, created_at desc, id desc);
alter table caller_messages enable row level security, force row level security;
create policy tenant on caller_messages
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on caller_messages to ringbook_app;
