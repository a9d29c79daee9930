-- What Vapi reports of a call. A row is made by whichever message comes first; every later one adds what it knows.
create table calls (
  clerk_user_id   text        not null references users (clerk_user_id) on delete cascade,
  id              uuid        not null default gen_random_uuid(),
  vapi_call_id    text        not null, -- as call-id.ts knows it: a call for which nobody vouches is another than Vapi's own
  is_believed     boolean     not null default true, -- false: its assistant has shown no secret
  assistant_id    text, -- Vapi's; null where it came inline
  direction       text check (direction in ('inbound', 'outbound', 'web')),
  customer_number text, -- E.164, where Vapi vouches for it
  customer_name   text,
  dialled_number  text, -- E.164
  status          text        not null check (status in ('scheduled', 'queued', 'ringing', 'in-progress', 'forwarding', 'ended')),
  started_at      timestamptz,
  ended_at        timestamptz,
  ended_reason    text, -- Vapi's word for it, an open list
  summary         text,
  intent          text, -- booking | reschedule | cancel | message | inquiry …: what Vapi's analysis says, else what was done in the call
  sentiment       text,
  success         text, -- Vapi's evaluation, an open list
  structured_data jsonb, -- of Vapi's analysis
  cost            numeric(12, 6), -- US dollars
  costs           jsonb, -- its parts, allow-listed
  has_recording   boolean     not null default false, -- fetched from Vapi by the call's id; never stored here
  hung_at         timestamptz[] not null default '{}', -- when the assistant was late
  hangs           integer     not null generated always as (cardinality(hung_at)) stored,
  duration_seconds double precision generated always as (greatest(extract(epoch from ended_at - started_at), 0)) stored,
  reported_at     timestamptz, -- when its end-of-call report was stored; null: it is still to come, or to be fetched
  report_made_at  timestamptz, -- when Vapi made that report: of two, the later one counts
  settled         text[]      not null default '{}', -- what the report told: other messages change it no more, whenever they come
  metadata        jsonb       not null default '{}',
  first_heard_at  timestamptz not null default now(),
  last_heard_at   timestamptz not null default now(),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, vapi_call_id)
);
create index calls_newest on calls (clerk_user_id, created_at desc, id desc);
create index calls_customer on calls (clerk_user_id, customer_number, created_at desc);
create index calls_status on calls (clerk_user_id, status);
create index calls_intent on calls (clerk_user_id, intent);
create index calls_unreported on calls (last_heard_at) where reported_at is null;
alter table calls enable row level security, force row level security;
create policy tenant on calls
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy unreported on calls to current_user using (reported_at is null);
grant select, insert, update, delete on calls to ringbook_app;

-- Calls, of all tenants, of which nothing has been heard since then and whose report has not come, nor is being fetched.
create function calls_unreported(heard_before timestamptz, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select c.clerk_user_id, c.id from calls c
    where c.reported_at is null and c.last_heard_at < heard_before
      and not exists (
        select from jobs.job j where j.name = 'fetch-report' and j.state < 'completed' and j.singleton_key = c.id::text)
      and not exists (
        select from jobs.job j where j.name = 'set-aside' and j.source_name = 'fetch-report' and j.singleton_key = c.id::text
          and j.created_on > now() - interval '1 hour')
    order by c.last_heard_at limit at_most;
end $$;
revoke all on function calls_unreported from public;
grant execute on function calls_unreported to ringbook_app;

-- Until when Vapi's own list of calls has been read: those later are read next.
create table call_list_reads (
  account    text        primary key, -- at Vapi: installation
  read_until timestamptz not null
);
grant select, insert, update, delete on call_list_reads to ringbook_app;

-- The conversation, turn by turn.
create table call_transcripts (
  clerk_user_id text        not null,
  id            uuid        not null default gen_random_uuid(),
  call_id       uuid        not null,
  sequence      integer     not null, -- from 0, in the order in which it was said
  role          text        not null check (role in ('assistant', 'user', 'system', 'tool')),
  text          text        not null,
  said_at       timestamptz, -- to the millisecond, as Vapi has it
  confidence    real,
  created_at    timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, call_id, sequence) deferrable initially deferred,
  foreign key (clerk_user_id, call_id) references calls (clerk_user_id, id) on delete cascade
);
alter table call_transcripts enable row level security, force row level security;
create policy tenant on call_transcripts
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on call_transcripts to ringbook_app;
