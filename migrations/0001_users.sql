-- Tenants. A user is who signed in at Clerk; `clerk_user_id` stands on every row that belongs to somebody and leads every key.
create extension if not exists btree_gist; -- equality beside ranges in the exclusion constraint of bookings

create table users (
  clerk_user_id    text        primary key,
  id               uuid        not null default gen_random_uuid(), -- the `user_id` shown outside
  email            text, -- null: neither the token nor Clerk told one
  first_name       text,
  last_name        text,
  full_name        text        generated always as (
                     nullif(btrim(regexp_replace(coalesce(first_name, '') || ' ' || coalesce(last_name, ''), '\s+', ' ', 'g')), '')
                   ) stored,
  time_zone        text, -- IANA; null: the connected calendar's, else DEFAULT_TIME_ZONE
  clerk_updated_at timestamptz,
  deleted_at       timestamptz, -- deleted at Clerk: stays, so that no late token or event makes her anew
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
-- The setting is '' and not null on a pooled connection that had a tenant before.
alter table users enable row level security, force row level security;
create policy tenant on users
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on users to ringbook_app;

-- The public face of a user: when she is open and what may be booked. One is made with the user.
create table businesses (
  clerk_user_id  text        not null references users (clerk_user_id) on delete cascade,
  id             uuid        not null default gen_random_uuid(),
  name           text        not null,
  phone_number   text, -- E.164
  email          text,
  time_zone      text, -- IANA; null: the user's
  opening_hours  jsonb       not null default '{
                   "monday": [["09:00", "17:00"]], "tuesday": [["09:00", "17:00"]], "wednesday": [["09:00", "17:00"]],
                   "thursday": [["09:00", "17:00"]], "friday": [["09:00", "17:00"]]}', -- wall clock in the business's zone
  slot_minutes   integer     not null default 30 check (slot_minutes between 5 and 480),
  notice_minutes integer     not null default 1440 check (notice_minutes >= 0), -- elapsed time before a caller may book
  ahead_days     integer     not null default 7 check (ahead_days between 1 and 365), -- searched when no day is asked for
  horizon_days   integer     not null default 60 check (horizon_days between 1 and 365), -- bookable at most so far ahead
  is_active      boolean     not null default true,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  primary key (clerk_user_id, id)
);
alter table businesses enable row level security, force row level security;
create policy tenant on businesses
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on businesses to ringbook_app;

-- What is unique across tenants by nature: an assistant's id, a secret's digest. It answers "whose is this?" before the tenant is known.
-- The service may not read it: only the functions below do, with the rights of the owner, whom the policy names because a forced one binds him too.
create table directory (
  kind          text not null check (kind in ('assistant', 'secret')),
  key           text not null,
  clerk_user_id text not null references users (clerk_user_id) on delete cascade,
  primary key (kind, key)
);
alter table directory enable row level security, force row level security;
create policy look_up on directory to current_user using (true) with check (true);

create function directory_find(a_kind text, a_key text) returns text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return (select d.clerk_user_id from directory d where d.kind = a_kind and d.key = a_key);
end $$;

-- True when the key is the tenant's own afterwards; false when somebody else has it.
create function directory_claim(a_kind text, a_key text) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  tenant text := nullif(current_setting('app.tenant', true), '');
begin
  insert into directory (kind, key, clerk_user_id) values (a_kind, a_key, tenant) on conflict (kind, key) do nothing;
  return exists (select from directory d where d.kind = a_kind and d.key = a_key and d.clerk_user_id = tenant);
end $$;

create function directory_release(a_kind text, a_key text) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from directory d
  where d.kind = a_kind and d.key = a_key and d.clerk_user_id = nullif(current_setting('app.tenant', true), '');
end $$;

revoke all on function directory_find, directory_claim, directory_release from public;
grant execute on function directory_find, directory_claim, directory_release to ringbook_app;
