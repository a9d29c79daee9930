-- What a business allows, beyond its opening hours. Until there is a page for it these are set by SQL, so the database refuses what makes no sense.

-- [["09:00", "12:00"], ["13:00", "17:00"]]: wall-clock times of one day, each stretch with a length; "24:00" is the next midnight.
create function hours_are_sound(hours jsonb) returns boolean
  language plpgsql immutable parallel safe set search_path = public, pg_temp as $$
declare
  pair jsonb;
begin
  if hours is null or jsonb_typeof(hours) <> 'array' then return false; end if;
  for pair in select value from jsonb_array_elements(hours) loop
    if jsonb_typeof(pair) <> 'array' or jsonb_array_length(pair) <> 2
      or jsonb_typeof(pair->0) <> 'string' or jsonb_typeof(pair->1) <> 'string'
      or (pair->>0) !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
      or (pair->>1) !~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
      or (pair->>0) collate "C" >= (pair->>1) then return false; end if;
  end loop;
  return true;
end $$;

create function opening_hours_are_sound(hours jsonb) returns boolean
  language plpgsql immutable parallel safe set search_path = public, pg_temp as $$
declare
  day record;
begin
  if jsonb_typeof(hours) <> 'object' then return false; end if;
  for day in select key, value from jsonb_each(hours) loop
    if day.key not in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
      or not hours_are_sound(day.value) then return false; end if;
  end loop;
  return true;
end $$;

-- [{ "from": "2026-12-24", "to": "2026-12-26", "hours": [] }]: both days count; without hours they are closed.
create function date_overrides_are_sound(overrides jsonb) returns boolean
  language plpgsql immutable parallel safe set search_path = public, pg_temp as $$
declare
  one jsonb;
  shape constant text := '^[0-9]{4}-[0-9]{2}-[0-9]{2}$';
begin
  if jsonb_typeof(overrides) <> 'array' or jsonb_array_length(overrides) > 400 then return false; end if;
  for one in select value from jsonb_array_elements(overrides) loop
    if jsonb_typeof(one) <> 'object' or coalesce(one->>'from', '') !~ shape or coalesce(one->>'to', '') !~ shape
      or not pg_input_is_valid(one->>'from', 'date') or not pg_input_is_valid(one->>'to', 'date')
      or (one->>'from') collate "C" > (one->>'to') or not hours_are_sound(one->'hours') then return false; end if;
  end loop;
  return true;
end $$;

-- { "morning": ["00:00", "12:00"], … }: one stretch for each of the words.
create function day_windows_are_sound(windows jsonb) returns boolean
  language plpgsql immutable parallel safe set search_path = public, pg_temp as $$
declare
  words constant text[] := array['morning', 'afternoon', 'evening', 'lunchtime', 'after_work'];
begin
  if jsonb_typeof(windows) <> 'object' then return false; end if;
  return (select count(*) = 5 and bool_and(key = any (words) and hours_are_sound(jsonb_build_array(value))) from jsonb_each(windows));
end $$;

alter table businesses
  add constraint opening_hours_sound check (opening_hours_are_sound(opening_hours)),
  add column date_overrides jsonb not null default '[]' check (date_overrides_are_sound(date_overrides)),
  add column step_minutes integer check (step_minutes between 5 and 480),
  add column starts_from text not null default 'opening' check (starts_from in ('opening', 'hour')),
  add column buffer_before_minutes integer not null default 0 check (buffer_before_minutes between 0 and 480),
  add column buffer_after_minutes integer not null default 0 check (buffer_after_minutes between 0 and 480),
  add column daily_cap integer check (daily_cap between 1 and 500),
  add column day_windows jsonb not null default '{
    "morning": ["00:00", "12:00"], "afternoon": ["12:00", "17:00"], "evening": ["17:00", "24:00"],
    "lunchtime": ["11:30", "13:30"], "after_work": ["17:00", "24:00"]}' check (day_windows_are_sound(day_windows)),
  add column all_day_blocks boolean not null default true,
  add column tentative_blocks boolean not null default true,
  add column out_of_office_blocks boolean not null default true,
  add column working_elsewhere_blocks boolean not null default false;

comment on column businesses.opening_hours is
  'wall clock in the business''s zone, by weekday: { "monday": [["09:00", "12:00"], ["13:00", "17:00"]] }; a weekday that is not named is closed';
comment on column businesses.date_overrides is
  'days with other hours than their weekday''s: [{ "from": "2026-12-24", "to": "2026-12-26", "hours": [] }], both days count, no hours is closed; where several cover a day the last one counts';
comment on column businesses.slot_minutes is 'length of an appointment where nobody asks for another';
comment on column businesses.step_minutes is 'how far apart appointments may begin; null: as slot_minutes';
comment on column businesses.starts_from is 'opening: steps are counted from each opening; hour: from the full hour at or before it';
comment on column businesses.buffer_before_minutes is
  'time before each appointment of callers in which nothing else may stand: no other appointment with its buffers, no event of a calendar';
comment on column businesses.buffer_after_minutes is 'the same after each';
comment on column businesses.daily_cap is 'how many appointments callers may have on one local day; null: as many as fit';
comment on column businesses.day_windows is 'when an appointment begins that is wished for in the morning, at lunchtime and so on: wall clock, from and to';
comment on column businesses.all_day_blocks is 'whole-day events that are not shown as free take time; at Microsoft, where the vendor tells them apart';
comment on column businesses.tentative_blocks is 'tentative events take time; at Microsoft';
comment on column businesses.out_of_office_blocks is 'out-of-office events take time; at Microsoft';
comment on column businesses.working_elsewhere_blocks is 'events at another place of work take time; at Microsoft';
comment on column bookings.during is 'what it occupies: from start to end, and for an appointment of a caller the buffers that held when it was booked';
