-- Every function call of an assistant, and what it was told.
create table tool_calls (
  clerk_user_id    text        not null references users (clerk_user_id) on delete cascade,
  id               uuid        not null default gen_random_uuid(),
  vapi_call_id     text, -- of the phone call; null outside one
  tool_call_id     text, -- as Vapi numbers it within the call; null where it tells no function call from another
  function         text        not null, -- our name of it, or unknown
  arguments_digest text        not null,
  answer           text        not null,
  outcome          text        not null check (outcome in ('result', 'error')),
  failure          text, -- one of our error codes, where it was refused by one
  is_final         boolean     not null, -- decided: delivered again, it is answered the same
  ms               integer     not null, -- until the answer was known
  vendor_ms        integer     not null default 0, -- of these, spent waiting for calendars
  called_at        timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, vapi_call_id, tool_call_id)
);
create index tool_calls_newest on tool_calls (clerk_user_id, called_at desc);
alter table tool_calls enable row level security, force row level security;
create policy tenant on tool_calls
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on tool_calls to ringbook_app;

-- In one trip, because a caller waits: the tenant is set for this statement's transaction, and row level security holds as everywhere.
-- What was decided for this very function call when it came before; nothing when it comes for the first time.
create function tool_calls_find_answer(tenant text, call text, tool_call text, digest text) returns table (outcome text, answer text)
  language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant', tenant, true);
  return query
    select c.outcome, c.answer from tool_calls c
    where c.clerk_user_id = tenant and c.vapi_call_id = call and c.tool_call_id = tool_call and c.arguments_digest = digest and c.is_final;
end $$;

-- Keeps what is said to a function call. Of two that say it at once the first one counts, and what is not decided gives way to what is.
-- Answers with what is to be said.
create function tool_calls_keep(tenant text, call text, tool_call text, name text, digest text, said text, how text, why text, decided boolean,
    took_ms integer, of_vendor_ms integer)
  returns table (outcome text, answer text)
  language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant', tenant, true);
  insert into tool_calls as c
    (clerk_user_id, vapi_call_id, tool_call_id, function, arguments_digest, answer, outcome, failure, is_final, ms, vendor_ms)
    values (tenant, call, tool_call, name, digest, said, how, why, decided, took_ms, of_vendor_ms)
    on conflict (clerk_user_id, vapi_call_id, tool_call_id) do update
      set answer = excluded.answer, outcome = excluded.outcome, failure = excluded.failure, is_final = excluded.is_final, ms = excluded.ms,
        vendor_ms = excluded.vendor_ms
      where not c.is_final and c.arguments_digest = excluded.arguments_digest;
  if not decided then return; end if;
  return query
    select c.outcome, c.answer from tool_calls c
    where c.clerk_user_id = tenant and c.vapi_call_id = call and c.tool_call_id = tool_call and c.arguments_digest = digest and c.is_final;
end $$;
revoke all on function tool_calls_find_answer, tool_calls_keep from public;
grant execute on function tool_calls_find_answer, tool_calls_keep to ringbook_app;
