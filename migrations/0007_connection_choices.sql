-- What the owner chooses about her connections: with which role an account is added, which calendars of it count, and where a booking went.

alter table oauth_flows add column role text not null default 'destination' check (role in ('destination', 'busy'));

-- Its answer has one column more, which `create or replace` cannot give it.
drop function oauth_flow_consume;
create function oauth_flow_consume(a_state_hash text)
  returns table (clerk_user_id text, provider text, role text, code_verifier text, return_origin text, age_seconds double precision)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query delete from oauth_flows f where f.state_hash = a_state_hash
    returning f.clerk_user_id, f.provider, f.role, f.code_verifier, f.return_origin, extract(epoch from now() - f.created_at)::double precision;
end $$;
revoke all on function oauth_flow_consume from public;
grant execute on function oauth_flow_consume to ringbook_app;

alter table oauth_tokens
  add column busy_calendar_ids  text[]      not null default '{}', -- of the same account, beside calendar_id: their busy times count too
  add column token_refreshed_at timestamptz not null default now(); -- when the vendor last gave tokens
comment on column oauth_tokens.verified_at is 'last read of the calendars that worked; last_error tells whether a later one failed';

-- A booking stays where its vendor was asked for it, whichever calendar is chosen afterwards.
alter table bookings add column calendar_id text;

-- What is there already is filled in. Row level security binds the owner too, so it is lifted for these two statements alone.
alter table oauth_tokens no force row level security;
alter table bookings no force row level security;
update oauth_tokens set token_refreshed_at = updated_at;
update bookings b set calendar_id = t.calendar_id
  from oauth_tokens t where t.clerk_user_id = b.clerk_user_id and t.id = b.connection_id;
alter table oauth_tokens force row level security;
alter table bookings force row level security;
