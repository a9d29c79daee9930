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
  add column steps jsonb not null default '[]', -- what was done for it, as trace.ts has it; no word of the caller, no id of a vendor
  add column vendor_requests integer not null default 0; -- how many of the steps are requests to a calendar

drop function tool_calls_keep;
-- Keeps what is said to a function call. Of two that say it at once the first one counts, and what is not decided gives way to what is.
-- Answers with what is to be said.
create function tool_calls_keep(tenant text, call text, tool_call text, name text, digest text, said text, how text, why text, decided boolean,
    took_ms integer, of_vendor_ms integer, waited_ms integer, trace text, done jsonb)
  returns table (outcome text, answer text)
  language plpgsql set search_path = public, pg_temp as $$
declare
  requests integer := (select count(*) from jsonb_array_elements(done) step where step->>'kind' = 'vendor');
begin
  perform set_config('app.tenant', tenant, true);
  insert into tool_calls as c
    (clerk_user_id, vapi_call_id, tool_call_id, function, arguments_digest, answer, outcome, failure, is_final, ms, vendor_ms, before_ms,
      trace_id, steps, vendor_requests)
    values (tenant, call, tool_call, name, digest, said, how, why, decided, took_ms, of_vendor_ms, waited_ms, trace, done, requests)
    on conflict (clerk_user_id, vapi_call_id, tool_call_id) do update
      set answer = excluded.answer, outcome = excluded.outcome, failure = excluded.failure, is_final = excluded.is_final, ms = excluded.ms,
        vendor_ms = excluded.vendor_ms, before_ms = excluded.before_ms, trace_id = excluded.trace_id, steps = excluded.steps,
        vendor_requests = excluded.vendor_requests, called_at = excluded.called_at
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

-- One row for each request to a calendar's vendor: a repeated request is two. Failed: no answer, or one that says the vendor could not.
create view vendor_request_facts with (security_invoker = true) as
  select t.clerk_user_id, t.called_at, t.function collate "C" as function, step.vendor collate "C" as vendor, step.operation collate "C" as operation,
    step.status, step.ms,
    step.status !~ '^[234][0-9][0-9]$' or step.status = '429' as is_failed
  from tool_calls t
    cross join lateral jsonb_to_recordset(t.steps) as step (kind text, vendor text, operation text, status text, ms integer)
  where t.vendor_requests > 0 and step.kind = 'vendor';

grant select on call_facts, booking_facts, function_call_facts, vendor_request_facts to ringbook_app;
