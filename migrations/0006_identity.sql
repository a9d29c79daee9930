-- Users are made, changed and deleted by what Clerk tells, in any order and any number of times.

-- Who was deleted. Permanent, so that no late token or event makes her anew; no reference, because it outlives her row.
create table deleted_users (
  clerk_user_id text        primary key,
  deleted_at    timestamptz not null default now()
);
-- Before the table is locked, and with the lock of users open for a moment: a forced policy binds the owner too, who runs this.
alter table users no force row level security;
insert into deleted_users (clerk_user_id, deleted_at)
  select u.clerk_user_id, u.deleted_at from users u where u.deleted_at is not null;
alter table deleted_users enable row level security, force row level security;
create policy tenant on deleted_users
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert on deleted_users to ringbook_app; -- nobody takes it back

-- Clerk's service knows a user by her Clerk id or by ours, which stands in `directory`: it is asked for before the tenant is known.
alter table directory drop constraint directory_kind_check;
alter table directory add constraint directory_kind_check check (kind in ('assistant', 'secret', 'user'));
insert into directory (kind, key, clerk_user_id) select 'user', u.id::text, u.clerk_user_id from users u;
alter table users force row level security;

-- Whoever makes a user, her id is looked up from then on, and one who was deleted is not made anew. In the database, because the version
-- before this one, which knows neither, still serves while this one starts.
create function users_made() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
begin
  if exists (select from deleted_users d where d.clerk_user_id = new.clerk_user_id) then
    raise exception 'a deleted user is not made anew';
  end if;
  perform directory_claim('user', new.id::text);
  return null;
end $$;
create trigger users_made after insert on users for each row execute function users_made();

-- Between the moment in which a user is marked as deleted and the one in which her rows are gone, nothing leads to her any more.
create policy erase on users for select to current_user using (deleted_at is not null);
create index users_deleted on users (deleted_at) where deleted_at is not null;
create or replace function directory_find(a_kind text, a_key text) returns text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return (
    select d.clerk_user_id from directory d
    where d.kind = a_kind and d.key = a_key
      and not exists (select from users u where u.clerk_user_id = d.clerk_user_id and u.deleted_at is not null));
end $$;

-- Events of Clerk whose effect is in, for as long as one may be delivered again. They go with the user.
create table clerk_events (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  event_id      text        not null, -- `svix-id`, the same at every delivery
  received_at   timestamptz not null default now(),
  primary key (clerk_user_id, event_id)
);
create index clerk_events_received on clerk_events (received_at);
alter table clerk_events enable row level security, force row level security;
create policy tenant on clerk_events
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy drop_old on clerk_events to current_user using (received_at < now() - interval '7 days');
grant select, insert, update, delete on clerk_events to ringbook_app;

create function clerk_events_drop_old() returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from clerk_events e where e.received_at < now() - interval '7 days';
end $$;

-- A connection that is being ended is out of use at once. Its row stays until the grant is ended at the vendor too, so that a crash in
-- between loses nothing; connecting that account again takes the row back into use.
alter table oauth_tokens drop constraint oauth_tokens_state_check;
alter table oauth_tokens add constraint oauth_tokens_state_check check (state in ('active', 'reconnect', 'ending'));
alter table oauth_tokens add column ending_at timestamptz; -- since when it is being ended; null: it is not
alter table oauth_tokens add constraint oauth_tokens_ending check ((state = 'ending') = (ending_at is not null));
drop index oauth_tokens_destination;
create unique index oauth_tokens_destination on oauth_tokens (clerk_user_id) where role = 'destination' and state <> 'ending';
create index oauth_tokens_ending on oauth_tokens (ending_at) where state = 'ending';
create policy claim on oauth_tokens for update to current_user using (state = 'ending');

-- Connections that somebody left while ending them, of all tenants, leased to the one who asks. `leased_until` serves the refresh of a
-- connection that is in use and the end of one that is not.
create function oauth_tokens_claim_ending(lease_ms integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query
    update oauth_tokens t set leased_until = now() + lease_ms * interval '1 millisecond'
    where (t.clerk_user_id, t.id) in (
      select e.clerk_user_id, e.id from oauth_tokens e
      where e.state = 'ending' and (e.leased_until is null or e.leased_until < now())
      order by e.ending_at limit at_most for update skip locked)
    returning t.clerk_user_id, t.id;
end $$;

-- Deleted users of whom nothing is left to be done at a vendor: their rows may go.
create function users_to_erase(at_most integer) returns table (clerk_user_id text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select u.clerk_user_id from users u
    where u.deleted_at is not null
      and not exists (select from oauth_tokens t where t.clerk_user_id = u.clerk_user_id and t.state = 'ending')
    order by u.deleted_at limit at_most;
end $$;

-- What is being ended is in nobody's use: it neither keeps another tenant's grant from ending nor a key in the settings.
create or replace function oauth_account_is_connected(a_provider text, an_account_id text) returns boolean
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return exists (select from oauth_tokens t where t.provider = a_provider and t.account_id = an_account_id and t.state <> 'ending');
end $$;
create or replace function oauth_tokens_sealing_keys() returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select distinct split_part(sealed, '.', 2)
    from oauth_tokens t, lateral (values (t.access_token), (t.refresh_token)) as v (sealed)
    where t.state <> 'ending';
end $$;
create or replace function oauth_tokens_sealed_elsewhere(a_key_id text, at_most integer) returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select t.clerk_user_id, t.id from oauth_tokens t
    where t.state <> 'ending' and (split_part(t.access_token, '.', 2) <> a_key_id or split_part(t.refresh_token, '.', 2) <> a_key_id)
    limit at_most;
end $$;

revoke all on function clerk_events_drop_old, oauth_tokens_claim_ending, users_to_erase from public;
grant execute on function clerk_events_drop_old, oauth_tokens_claim_ending, users_to_erase to ringbook_app;
