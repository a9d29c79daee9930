-- Work is taken up by its job. Should that be lost, or come from a version that sends none, these find what waits for nobody. What a job was
-- set aside for is left to whoever looks into that.

-- Bookings that stopped half-way: held, their lease long over. What guards the new time of a move ends with that move. Set aside or not, the
-- time of none is kept for ever.
create function bookings_unsettled(overdue_ms integer, hold_minutes integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select h.clerk_user_id, h.id from bookings h
    where h.status = 'held' and h.moves is null and h.leased_until < now() - overdue_ms * interval '1 millisecond'
      and not exists (
        select from jobs.job j where j.name = 'settle-booking' and j.state < 'completed' and j.singleton_key = h.id::text)
      and (h.created_at < now() - hold_minutes * interval '1 minute' or not exists (
        select from jobs.job j where j.name = 'set-aside' and j.source_name = 'settle-booking' and j.singleton_key = h.id::text))
    order by h.leased_until limit at_most;
end $$;
revoke all on function bookings_unsettled from public;
grant execute on function bookings_unsettled to ringbook_app;
drop function bookings_claim_unsettled;

-- Moves and cancels that stopped half-way, in the same manner.
create function changes_unsettled(overdue_ms integer, hold_minutes integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select c.clerk_user_id, c.id from changes c
    where c.state = 'open' and c.leased_until < now() - overdue_ms * interval '1 millisecond'
      and not exists (
        select from jobs.job j where j.name = 'settle-change' and j.state < 'completed' and j.singleton_key = c.id::text)
      and (c.created_at < now() - hold_minutes * interval '1 minute' or not exists (
        select from jobs.job j where j.name = 'set-aside' and j.source_name = 'settle-change' and j.singleton_key = c.id::text))
    order by c.leased_until limit at_most;
end $$;
revoke all on function changes_unsettled from public;
grant execute on function changes_unsettled to ringbook_app;

-- Bookings whose event is still to be made what they are. What was set aside is tried again after a day, until it is given up.
create function bookings_untold(at_most integer) returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select b.clerk_user_id, b.id from bookings b
    where b.to_tell is not null
      and not exists (
        select from jobs.job j where j.name = 'tell-vendor' and j.state < 'completed' and j.singleton_key = b.id::text)
      and not exists (
        select from jobs.job j where j.name = 'set-aside' and j.source_name = 'tell-vendor' and j.singleton_key = b.id::text
          and j.created_on > now() - interval '1 day')
    order by b.to_tell_since limit at_most;
end $$;
revoke all on function bookings_untold from public;
grant execute on function bookings_untold to ringbook_app;

create or replace function users_to_erase(at_most integer) returns table (clerk_user_id text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select u.clerk_user_id from users u
    where u.deleted_at is not null
      and not exists (select from oauth_tokens t where t.clerk_user_id = u.clerk_user_id and t.state = 'ending')
      and not exists (select from jobs.job j where j.name = 'erase-user' and j.state < 'completed' and j.singleton_key = u.clerk_user_id)
      and not exists (select from jobs.job j where j.name = 'set-aside' and j.source_name = 'erase-user' and j.singleton_key = u.clerk_user_id)
    order by u.deleted_at limit at_most;
end $$;
