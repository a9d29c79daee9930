-- Who did what to what: written once, never changed, each event bound by a hash to the one before it of the same tenant. What is deleted with
-- its user goes with her. No event carries personal data, so that erasing a caller leaves the chain whole.
create table event_log (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  id            uuid        not null default gen_random_uuid(),
  arrival       bigint      generated always as identity, -- orders what one transaction adds
  sequence      integer, -- from 1, without gaps, in the order in which the transactions committed; null until then, which nobody sees
  at            timestamptz not null default now(),
  actor         text        not null check (actor in ('caller', 'owner', 'system', 'operator')),
  vapi_call_id  text, -- of the call in which it was done
  action        text        not null, -- no check on the names: the list lives in code
  subject_kind  text        not null,
  subject_id    text        not null,
  details       jsonb       not null default '{}', -- ids, times, names of fields
  hash          bytea, -- of the hash before it and of this row
  primary key (clerk_user_id, id),
  unique (clerk_user_id, sequence)
);
create index event_log_loose on event_log (clerk_user_id, arrival) where sequence is null;
create index event_log_subject on event_log (clerk_user_id, subject_id, sequence);
alter table event_log enable row level security, force row level security;
create policy tenant on event_log
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
-- Its place, its time and its hash are given by the database alone, and nothing is taken back.
grant select on event_log to ringbook_app;
grant insert (clerk_user_id, actor, vapi_call_id, action, subject_kind, subject_id, details) on event_log to ringbook_app;

-- How far each tenant's chain goes, so that a cut at its end shows.
create table event_heads (
  clerk_user_id text    primary key references users (clerk_user_id) on delete cascade,
  count         integer not null default 0,
  hash          bytea   not null default '' -- of the last event
);
alter table event_heads enable row level security, force row level security;
create policy tenant on event_heads
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select on event_heads to ringbook_app;

-- Every user has one from the start. A forced policy binds the owner too, who runs this.
alter table users no force row level security;
alter table event_heads no force row level security;
insert into event_heads (clerk_user_id) select u.clerk_user_id from users u;
alter table event_heads force row level security;
alter table users force row level security;
create function users_begin_event_log() returns trigger
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into event_heads (clerk_user_id) values (new.clerk_user_id);
  return null;
end $$;
create trigger users_begin_event_log after insert on users for each row execute function users_begin_event_log();

-- Gives the events of a transaction their places, all with the first of them. Deferred to the end of the transaction, so that the tenant's chain
-- is held for the commit alone, whatever else the transaction waited for, and always as the last lock: nobody can wait for it the wrong way
-- round.
create function event_log_chain() returns trigger
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  event event_log;
  place integer;
  written timestamptz;
  previous bytea;
begin
  perform set_config('app.tenant', new.clerk_user_id, true);
  select * into event from event_log e where e.clerk_user_id = new.clerk_user_id and e.id = new.id;
  -- Gone with its user in this very transaction, or in its place already.
  if not found or event.sequence is not null then return null; end if;
  select h.count, h.hash into place, previous from event_heads h where h.clerk_user_id = new.clerk_user_id for update;
  if not found then raise exception 'the event log of this tenant has lost its head'; end if;
  written := clock_timestamp();
  for event in
    select * from event_log e where e.clerk_user_id = new.clerk_user_id and e.sequence is null order by e.arrival
  loop
    place := place + 1;
    -- `verifyChain` of src/audit/ computes the same without this database.
    previous := sha256(previous || convert_to(array_to_json(array[
      event.clerk_user_id, place::text, event.id::text, to_char(written at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), event.actor,
      event.vapi_call_id, event.action, event.subject_kind, event.subject_id, event.details::text])::text, 'UTF8'));
    update event_log e set sequence = place, at = written, hash = previous where e.clerk_user_id = event.clerk_user_id and e.id = event.id;
  end loop;
  update event_heads h set count = place, hash = previous where h.clerk_user_id = new.clerk_user_id;
  return null;
end $$;
create constraint trigger event_log_chain after insert on event_log
  deferrable initially deferred for each row execute function event_log_chain();

-- Of a deleted user, some at a time: years of them are more than one statement has time for. Answers with how many.
create function event_log_erase(tenant text, at_most integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  gone integer;
begin
  perform set_config('app.tenant', tenant, true);
  delete from event_log e where (e.clerk_user_id, e.id) in (
    select d.clerk_user_id, d.id from event_log d join users u on u.clerk_user_id = d.clerk_user_id
    where d.clerk_user_id = tenant and u.deleted_at is not null limit at_most);
  get diagnostics gone = row_count;
  return gone;
end $$;
revoke all on function users_begin_event_log, event_log_chain, event_log_erase from public;
grant execute on function users_begin_event_log, event_log_chain, event_log_erase to ringbook_app;

-- Every tenant, page by page: for work that goes through all of them, each then under its own tenant.
create function tenants_after(a_clerk_user_id text, at_most integer) returns table (clerk_user_id text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select distinct d.clerk_user_id from directory d
    where d.kind = 'user' and d.clerk_user_id > a_clerk_user_id
    order by 1 limit at_most;
end $$;
revoke all on function tenants_after from public;
grant execute on function tenants_after to ringbook_app;

-- What becomes of appointments is written down here, so that no way through the code can forget it and none waits for it. A row that only
-- guards the new time of a move is no appointment.
create function event_instant(instant timestamptz) returns text
  language sql immutable set search_path = public, pg_temp as $$
  select to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;
create function bookings_log() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
declare
  who text := new.booked_by;
  in_call text := case when new.booked_by = 'caller' then new.vapi_call_id end;
begin
  if new.status = 'cancelled' then
    -- By whoever asked for it; otherwise its event was deleted in the calendar.
    select c.made_by, c.vapi_call_id into who, in_call from changes c
      where c.clerk_user_id = new.clerk_user_id and c.booking_id = new.id and c.kind = 'cancel' and c.state <> 'failed';
    who := coalesce(who, 'system');
  elsif new.status in ('completed', 'no_show') then
    who := 'owner';
    in_call := null;
  end if;
  insert into event_log (clerk_user_id, actor, vapi_call_id, action, subject_kind, subject_id, details) values (
    new.clerk_user_id, who, in_call, 'booking.' || case new.status when 'no_show' then 'missed' else new.status end,
    'booking', new.appointment_id::text,
    jsonb_build_object('booking_id', new.id, 'start_time', event_instant(new.starts_at), 'end_time', event_instant(new.ends_at))
      || case when new.status = 'failed' then jsonb_build_object('failure', new.failure) else '{}' end);
  return null;
end $$;
create trigger bookings_log_made after insert on bookings for each row when (new.moves is null) execute function bookings_log();
create trigger bookings_log_changed after update of status on bookings
  for each row when (new.moves is null and old.status <> new.status) execute function bookings_log();

create function changes_log() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
begin
  insert into event_log (clerk_user_id, actor, vapi_call_id, action, subject_kind, subject_id, details) values (
    new.clerk_user_id, new.made_by, case when new.made_by = 'caller' then new.vapi_call_id end,
    case new.state when 'done' then 'booking.moved' else 'change.failed' end, 'booking', new.appointment_id::text,
    jsonb_build_object('booking_id', new.booking_id, 'change_id', new.id, 'kind', new.kind, 'old_start_time', event_instant(new.old_starts_at),
      'new_start_time', event_instant(new.new_starts_at), 'failure', new.failure));
  return null;
end $$;
create trigger changes_log after update of state on changes
  for each row when (old.state = 'open' and (new.state = 'failed' or (new.state = 'done' and new.kind = 'move'))) execute function changes_log();
revoke all on function event_instant, bookings_log, changes_log from public;
grant execute on function event_instant, bookings_log, changes_log to ringbook_app;

-- How long what is known of callers stays; docs/retention.md says what falls under which. Of several businesses the shorter time counts.
alter table businesses
  add column transcript_days integer not null default 30 check (transcript_days between 0 and 365), -- 0: what is said is never stored
  add column record_days     integer not null default 730 check (record_days between 30 and 3650);

alter table calls
  add column erased_at timestamptz, -- since when nobody can tell whose call it was: what is heard of it later brings nothing back
  add column vapi_data text not null default 'kept' check (vapi_data in ('kept', 'to_forget', 'forgotten')); -- transcript and recording, at Vapi
create index calls_to_forget on calls (clerk_user_id) where vapi_data = 'to_forget';
create index calls_heard on calls (clerk_user_id, last_heard_at);

-- Here and not in the code that hears of calls, so that no message finds a way around it.
create function calls_keep_little() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
begin
  if new.erased_at is not null then
    new.customer_number := null;
    new.customer_name := null;
    new.intent := null;
    new.sentiment := null;
    new.success := null;
    new.metadata := '{}';
  end if;
  if new.erased_at is not null
    or exists (select from businesses b where b.clerk_user_id = new.clerk_user_id and b.transcript_days = 0) then
    new.summary := null;
    new.structured_data := null;
  end if;
  if new.vapi_data = 'forgotten' then new.has_recording := false; end if;
  return new;
end $$;
create trigger calls_keep_little before insert or update on calls for each row execute function calls_keep_little();

create function call_transcripts_keep_little() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
begin
  if exists (select from businesses b where b.clerk_user_id = new.clerk_user_id and b.transcript_days = 0)
    or exists (select from calls c where c.clerk_user_id = new.clerk_user_id and c.id = new.call_id and c.erased_at is not null) then
    return null;
  end if;
  return new;
end $$;
create trigger call_transcripts_keep_little before insert on call_transcripts for each row execute function call_transcripts_keep_little();
revoke all on function calls_keep_little, call_transcripts_keep_little from public;
grant execute on function calls_keep_little, call_transcripts_keep_little to ringbook_app;
