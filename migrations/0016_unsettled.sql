-- A booking that stops half-way is taken up by its job. Should that be lost, or come from a version that sends none, it is found here: held, its
-- lease long over. One whose job was set aside is left to whoever looks into that, until its time is to be given free.
create function bookings_unsettled(overdue_ms integer, hold_minutes integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select h.clerk_user_id, h.id from bookings h
    where h.status = 'held' and h.leased_until < now() - overdue_ms * interval '1 millisecond'
      and (h.created_at < now() - hold_minutes * interval '1 minute'
        or not exists (select from jobs.job j where j.name = 'set-aside' and j.source_name = 'settle-booking' and j.singleton_key = h.id::text))
    order by h.leased_until limit at_most;
end $$;
revoke all on function bookings_unsettled from public;
grant execute on function bookings_unsettled to ringbook_app;
drop function bookings_claim_unsettled;
