-- What an owner reads of calls: each under the time at which it began, with what happened inside, and figures over many.

alter table calls
  add column began_at timestamptz not null generated always as (coalesce(started_at, first_heard_at)) stored,
  add column ended_class text; -- of ended_reason, by the patterns of calls/ended-reason.ts, written with it
drop index calls_newest, calls_customer;
create index calls_began on calls (clerk_user_id, began_at desc, id desc);
create index calls_customer on calls (clerk_user_id, customer_number, began_at desc);

-- What leads from a call to what was done in it, and from a number to what was done for it.
create index bookings_call on bookings (clerk_user_id, vapi_call_id) where vapi_call_id is not null;
create index bookings_customer on bookings (clerk_user_id, customer_phone) where customer_phone is not null;
create index bookings_caller on bookings (clerk_user_id, caller_number) where caller_number is not null;
create index bookings_made on bookings (clerk_user_id, created_at);
create index caller_messages_call on caller_messages (clerk_user_id, vapi_call_id) where vapi_call_id is not null;
create index caller_messages_phone on caller_messages (clerk_user_id, phone) where phone is not null;
create index caller_messages_number on caller_messages (clerk_user_id, call_number) where call_number is not null;
create index notices_booking on notices (clerk_user_id, booking_id) where booking_id is not null;
create index notices_message on notices (clerk_user_id, message_id) where message_id is not null;

alter table tool_calls
  add column trace_id text, -- W3C trace id of the request that brought it: also on its log lines
  add column before_ms integer not null default 0, -- from the arrival of that request until this function call was taken up
  add column steps jsonb not null default '[]'; -- what was done for it, as trace.ts has it; no word of the caller, no id of a vendor
-- With all that figures are made of: the rows themselves, with their steps, need not be read.
drop index tool_calls_newest;
create index tool_calls_called on tool_calls (clerk_user_id, called_at) include (function, outcome, failure, ms, vendor_ms);

-- The requests to calendars among those steps, for figures over many: to take a month of steps apart takes longer than anybody likes to wait.
-- Written by the trigger alone, so that they are always what the steps say.
create table vendor_requests (
  clerk_user_id text        not null,
  tool_call_id  uuid        not null, -- of our row, not Vapi's
  called_at     timestamptz not null, -- the function call
  vendor        text        collate "C" not null,
  operation     text        collate "C" not null,
  status        text        not null, -- of HTTP, or timeout, network …
  ms            integer     not null,
  -- No answer, or one that says the vendor could not.
  is_failed     boolean     not null generated always as (status !~ '^[234][0-9][0-9]$' or status = '429') stored,
  foreign key (clerk_user_id, tool_call_id) references tool_calls (clerk_user_id, id) on delete cascade
);
create index vendor_requests_newest on vendor_requests (clerk_user_id, called_at);
create index vendor_requests_call on vendor_requests (clerk_user_id, tool_call_id);
alter table vendor_requests enable row level security, force row level security;
create policy tenant on vendor_requests
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on vendor_requests to ringbook_app;

create function vendor_requests_of_steps() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    delete from vendor_requests r where r.clerk_user_id = old.clerk_user_id and r.tool_call_id = old.id;
  end if;
  insert into vendor_requests
    select new.clerk_user_id, new.id, new.called_at, step.vendor, step.operation, step.status, step.ms
    from jsonb_to_recordset(new.steps) as step (kind text, vendor text, operation text, status text, ms integer)
    where step.kind = 'vendor';
  return null;
end $$;
create trigger vendor_requests after insert or update of steps on tool_calls for each row execute function vendor_requests_of_steps();

drop function tool_calls_keep;
-- Keeps what is said to a function call. Of two that say it at once the first one counts, and what is not decided gives way to what is.
-- Answers with what is to be said.
create function tool_calls_keep(tenant text, call text, tool_call text, name text, digest text, said text, how text, why text, decided boolean,
    took_ms integer, of_vendor_ms integer, waited_ms integer, trace text, done jsonb)
  returns table (outcome text, answer text)
  language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant', tenant, true);
  insert into tool_calls as c
    (clerk_user_id, vapi_call_id, tool_call_id, function, arguments_digest, answer, outcome, failure, is_final, ms, vendor_ms, before_ms,
      trace_id, steps)
    values (tenant, call, tool_call, name, digest, said, how, why, decided, took_ms, of_vendor_ms, waited_ms, trace, done)
    on conflict (clerk_user_id, vapi_call_id, tool_call_id) do update
      set answer = excluded.answer, outcome = excluded.outcome, failure = excluded.failure, is_final = excluded.is_final, ms = excluded.ms,
        vendor_ms = excluded.vendor_ms, before_ms = excluded.before_ms, trace_id = excluded.trace_id, steps = excluded.steps,
        called_at = excluded.called_at
      where not c.is_final and c.arguments_digest = excluded.arguments_digest;
  if not decided then return; end if;
  return query
    select c.outcome, c.answer from tool_calls c
    where c.clerk_user_id = tenant and c.vapi_call_id = call and c.tool_call_id = tool_call and c.arguments_digest = digest and c.is_final;
end $$;
revoke all on function tool_calls_keep from public;
grant execute on function tool_calls_keep to ringbook_app;

-- Figures are made from these views and from nothing else. Each runs with the rights of whoever asks, so row level security holds in them.
-- Names by which figures are grouped are compared as bytes: a month of requests is sorted by them.

-- A call counts as booked when an appointment was made in it, whatever has become of that since.
create view call_facts with (security_invoker = true) as
  select c.clerk_user_id, c.id, c.began_at, c.direction, c.status, c.ended_class, c.intent, c.sentiment, c.success, c.cost,
    c.duration_seconds as seconds,
    exists (
      select from bookings b
      where b.clerk_user_id = c.clerk_user_id and b.vapi_call_id = c.vapi_call_id and b.moves is null and b.status <> 'failed') as is_booked
  from calls c;

-- One row for each appointment, by its latest booking: one that is restored is a booking of its own.
create view booking_facts with (security_invoker = true) as
  select b.clerk_user_id, b.appointment_id, b.created_at as made_at, b.starts_at, b.status, b.booked_by, b.vapi_call_id
  from bookings b
  where b.moves is null and not exists (
    select from bookings later
    where later.clerk_user_id = b.clerk_user_id and later.appointment_id = b.appointment_id and later.moves is null
      and (later.status <> 'failed', later.created_at) > (b.status <> 'failed', b.created_at));

create view function_call_facts with (security_invoker = true) as
  select t.clerk_user_id, t.id, t.called_at, t.function collate "C" as function, t.outcome, t.failure, t.ms, t.vendor_ms, t.before_ms
  from tool_calls t;

-- One row for each request to a calendar's vendor: a repeated request is two.
create view vendor_request_facts with (security_invoker = true) as
  select r.clerk_user_id, r.called_at, r.vendor, r.operation, r.ms, r.is_failed
  from vendor_requests r;

grant select on call_facts, booking_facts, function_call_facts, vendor_request_facts to ringbook_app;
