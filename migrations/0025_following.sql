-- Appointments follow what their owner does with their events in her calendar, whether its vendor tells of that or it is looked for.

alter table oauth_tokens add column looked_at timestamptz not null default now(); -- when its appointments were last held against their events
create index oauth_tokens_looked_at on oauth_tokens (looked_at) where state = 'active';
create index bookings_to_come on bookings (clerk_user_id, ends_at) where status = 'confirmed';
create policy to_come on bookings for select to current_user using (status = 'confirmed');

-- Connections in use with appointments to come that nobody has looked at for so long, of all tenants, and of which no job tells.
create function connections_to_look_at(older_than_seconds integer, a_now timestamptz, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select t.clerk_user_id, t.id from oauth_tokens t
    where t.state = 'active' and t.looked_at < now() - older_than_seconds * interval '1 second'
      and exists (
        select from bookings b
        where b.clerk_user_id = t.clerk_user_id and b.status = 'confirmed' and b.ends_at > a_now
          -- An account that was connected anew has a row of its own, and the same calendar.
          and (b.connection_id = t.id or (b.connection_id is null and b.calendar_id = t.calendar_id)))
      and not exists (
        select from jobs.job j where j.name = 'follow-calendar' and j.state < 'completed' and j.singleton_key = t.id::text)
    order by t.looked_at limit at_most;
end $$;
revoke all on function connections_to_look_at from public;
grant execute on function connections_to_look_at to ringbook_app;

-- These appointments are from now on when their events are: all of them at once, so that none is in another's way where several were moved.
-- The ids of those that are; somebody has worked on the others since they were read. Null: another appointment is there, and nothing is
-- changed. The constraint alone decides, so that nobody comes between a look and this.
create function bookings_follow(a_list jsonb) returns uuid[]
  language plpgsql set search_path = public, pg_temp as $$
declare
  tenant text := nullif(current_setting('app.tenant', true), '');
  followed uuid[];
begin
  update bookings b set during = 'empty'
  from jsonb_to_recordset(a_list) as e (id uuid, lease_number integer, starts_at timestamptz, ends_at timestamptz)
  where b.clerk_user_id = tenant and b.id = e.id and b.status = 'confirmed' and b.lease_number = e.lease_number
    and (b.starts_at, b.ends_at) <> (e.starts_at, e.ends_at);
  -- Their owner needs no buffers where she puts them herself: neither theirs nor those of what is next to them.
  update bookings b set during = tstzrange(b.starts_at, b.ends_at)
  from jsonb_to_recordset(a_list) as e (starts_at timestamptz, ends_at timestamptz)
  where b.clerk_user_id = tenant and b.status in ('held', 'confirmed', 'completed', 'no_show')
    and b.during && tstzrange(e.starts_at, e.ends_at) and not tstzrange(b.starts_at, b.ends_at) && tstzrange(e.starts_at, e.ends_at);
  with moved as (
    update bookings b set
      starts_at = e.starts_at, ends_at = e.ends_at, provider_event_id = e.event_id, provider_event_link = e.event_link,
      during = case when (b.starts_at, b.ends_at) = (e.starts_at, e.ends_at) then b.during else tstzrange(e.starts_at, e.ends_at) end,
      -- Who asked for the old time meant that one.
      call_key = case when (b.starts_at, b.ends_at) = (e.starts_at, e.ends_at) then b.call_key end,
      lease_number = b.lease_number + 1, updated_at = now()
    from jsonb_to_recordset(a_list)
      as e (id uuid, lease_number integer, starts_at timestamptz, ends_at timestamptz, event_id text, event_link text)
    where b.clerk_user_id = tenant and b.id = e.id and b.status = 'confirmed' and b.lease_number = e.lease_number
    returning b.id)
  select coalesce(array_agg(id), '{}') into followed from moved;
  return followed;
exception when exclusion_violation then
  return null;
end $$;
revoke all on function bookings_follow from public;
grant execute on function bookings_follow to ringbook_app;

-- Where a vendor pushes to us what changes in an account. It is made before the vendor hears of it, so that no answer is lost.
create table sync_channels (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  connection_id uuid        not null,
  id            uuid        not null default gen_random_uuid(), -- stands in the address; claimed in directory
  secret        text        not null, -- encrypted by the application; the vendor signs with it
  vendor_id     text, -- under which the vendor keeps it; null: the vendor has not taken it
  tried_at      timestamptz not null default now(), -- when the vendor was last asked to push
  primary key (clerk_user_id, connection_id),
  unique (clerk_user_id, id),
  foreign key (clerk_user_id, connection_id) references oauth_tokens (clerk_user_id, id) on delete cascade
);
alter table sync_channels enable row level security, force row level security;
create policy tenant on sync_channels
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on sync_channels to ringbook_app;
create policy look_up on sync_channels for select to current_user using (true);

alter table directory drop constraint directory_kind_check;
alter table directory add constraint directory_kind_check check (kind in ('assistant', 'secret', 'user', 'number', 'channel'));

-- In the database, because channels also go with their connection or their user.
create function sync_channels_in_directory() returns trigger
  language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform directory_claim('channel', new.id::text);
  else
    perform directory_release('channel', old.id::text);
  end if;
  return null;
end $$;
create trigger sync_channels_in_directory after insert or delete on sync_channels
  for each row execute function sync_channels_in_directory();

-- Connections in use whose vendor pushes: those without a channel, and those whose vendor was asked so long ago.
create function connections_to_open_channels(vendors text[], refused_seconds integer, taken_seconds integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select t.clerk_user_id, t.id from oauth_tokens t
    left join sync_channels c on c.clerk_user_id = t.clerk_user_id and c.connection_id = t.id
    where t.state = 'active' and t.provider = any (vendors)
      and (c.id is null
        or c.tried_at < now() - case when c.vendor_id is null then refused_seconds else taken_seconds end * interval '1 second')
    order by c.tried_at nulls first limit at_most;
end $$;
revoke all on function connections_to_open_channels from public;
grant execute on function connections_to_open_channels to ringbook_app;

-- A key may leave the settings once no channel's secret is sealed with it any more either. Sealed texts read `v1.<key id>.…`.
create function sync_channels_sealing_keys() returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select distinct split_part(c.secret, '.', 2) from sync_channels c;
end $$;

create function sync_channels_sealed_elsewhere(a_key_id text, at_most integer) returns table (clerk_user_id text, connection_id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select c.clerk_user_id, c.connection_id from sync_channels c where split_part(c.secret, '.', 2) <> a_key_id limit at_most;
end $$;
revoke all on function sync_channels_sealing_keys, sync_channels_sealed_elsewhere from public;
grant execute on function sync_channels_sealing_keys, sync_channels_sealed_elsewhere to ringbook_app;
