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
