-- A started sign-in at a calendar vendor, until its callback consumes it. One open flow per user and provider.
create table oauth_flows (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  provider      text        not null, -- no check on the names: the list of providers lives in code
  state_hash    text        not null, -- SHA-256 of the state, hex; the state itself is stored nowhere
  code_verifier text        not null, -- encrypted by the application
  return_origin text        not null, -- where the browser goes at the end
  created_at    timestamptz not null default now(),
  primary key (clerk_user_id, provider)
);
create index oauth_flows_state on oauth_flows (state_hash);
alter table oauth_flows enable row level security, force row level security;
create policy tenant on oauth_flows
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy consume on oauth_flows to current_user using (true);
grant select, insert, update, delete on oauth_flows to ringbook_app;

-- The callback knows no tenant, only the state. Whatever it finds is gone afterwards, so a state works once.
create function oauth_flow_consume(a_state_hash text)
  returns table (clerk_user_id text, provider text, code_verifier text, return_origin text, age_seconds double precision)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query delete from oauth_flows f where f.state_hash = a_state_hash
    returning f.clerk_user_id, f.provider, f.code_verifier, f.return_origin, extract(epoch from now() - f.created_at)::double precision;
end $$;
revoke all on function oauth_flow_consume from public;
grant execute on function oauth_flow_consume to ringbook_app;

-- A user's consent for one account at one provider. Connecting that account again keeps the row.
create table oauth_tokens (
  clerk_user_id   text        not null references users (clerk_user_id) on delete cascade,
  id              uuid        not null default gen_random_uuid(),
  provider        text        not null,
  account_id      text        not null, -- the vendor's stable id, not an e-mail
  calendar_email  text        not null,
  calendar_id     text        not null,
  calendar_name   text        not null,
  calendar_link   text        not null,
  time_zone       text, -- IANA, of the calendar; null when the vendor does not tell
  role            text        not null check (role in ('destination', 'busy')),
  access_token    text        not null, -- encrypted by the application, like the next
  refresh_token   text        not null,
  expires_at      timestamptz not null, -- of the access token, by the database's clock
  scopes          text[]      not null,
  state           text        not null default 'active' check (state in ('active', 'reconnect')),
  verified_at     timestamptz, -- last read of the calendar that worked; null: the last one failed
  last_error      text, -- a code of ours, never the vendor's text
  refresh_lease   uuid, -- who refreshes right now; only the holder may store the result
  leased_until    timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, provider, account_id)
);
-- Bookings go to one calendar.
create unique index oauth_tokens_destination on oauth_tokens (clerk_user_id) where role = 'destination';
alter table oauth_tokens enable row level security, force row level security;
create policy tenant on oauth_tokens
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on oauth_tokens to ringbook_app;
create policy look_up on oauth_tokens for select to current_user using (true);

-- A key may leave the settings once nothing is sealed with it any more. Sealed texts read `v1.<key id>.…`.
create function oauth_tokens_sealing_keys() returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select distinct split_part(sealed, '.', 2)
    from oauth_tokens t, lateral (values (t.access_token), (t.refresh_token)) as v (sealed);
end $$;

create function oauth_tokens_sealed_elsewhere(a_key_id text, at_most integer) returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select t.clerk_user_id, t.id from oauth_tokens t
    where split_part(t.access_token, '.', 2) <> a_key_id or split_part(t.refresh_token, '.', 2) <> a_key_id
    limit at_most;
end $$;
-- Ending a grant at a vendor ends it for everybody who connected that account: only the last one may.
create function oauth_account_is_connected(a_provider text, an_account_id text) returns boolean
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return exists (select from oauth_tokens t where t.provider = a_provider and t.account_id = an_account_id);
end $$;
revoke all on function oauth_account_is_connected from public;
grant execute on function oauth_account_is_connected to ringbook_app;
revoke all on function oauth_tokens_sealing_keys, oauth_tokens_sealed_elsewhere from public;
grant execute on function oauth_tokens_sealing_keys, oauth_tokens_sealed_elsewhere to ringbook_app;
