-- What a notice tells, as data: webhooks carry it, and mails to customers are made of it. It is what was true when the notice was written.
-- What the owner has done herself is no news to her, so it is not listed; mails and webhooks tell of it all the same.
alter table notices
  add column data    jsonb not null default '{}',
  add column made_by text  not null default 'caller'; -- caller | owner

-- How an owner wants to be told. Without a row: by e-mail, of everything, at her own address.
create table notice_settings (
  clerk_user_id        text        not null references users (clerk_user_id) on delete cascade,
  email_enabled        boolean     not null default true,
  email_address        text, -- null: the user's own
  email_of_own_acts    boolean     not null default true, -- also of what she has done herself
  kinds                text[], -- those that are sent, over either channel; null: all there are, later ones too
  webhook_enabled      boolean     not null default false,
  webhook_url          text,
  webhook_secret       text, -- encrypted by the application
  webhook_old_secret   text, -- encrypted; signs beside the new one until it ends
  webhook_old_until    timestamptz,
  updated_at           timestamptz not null default now(),
  primary key (clerk_user_id),
  check (webhook_secret is not null or not webhook_enabled),
  check (webhook_url is not null or not webhook_enabled),
  check ((webhook_old_secret is null) = (webhook_old_until is null))
);
alter table notice_settings enable row level security, force row level security;
create policy tenant on notice_settings
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on notice_settings to ringbook_app;
create policy look_up on notice_settings for select to current_user using (webhook_secret is not null);

-- One notice on its way over one channel, added in the transaction of the notice. waiting → sent, or dead; an e-mail also → unsure, when its
-- last byte went out and no answer came: it is not sent again by itself, because the mail server may have it.
create table notice_deliveries (
  clerk_user_id   text        not null references users (clerk_user_id) on delete cascade,
  id              uuid        not null default gen_random_uuid(),
  notice_id       uuid        not null,
  channel         text        not null check (channel in ('email', 'webhook')),
  recipient       text        not null check (recipient in ('owner', 'customer')),
  sequence        integer     not null default 0, -- of what the customer is sent about one appointment: SEQUENCE in its calendar part
  state           text        not null default 'waiting' check (state in ('waiting', 'sent', 'unsure', 'dead')),
  attempts        integer     not null default 0,
  due_since       timestamptz not null default now(), -- since when it is tried; a replay begins anew
  next_attempt_at timestamptz not null default now(),
  leased_until    timestamptz not null default now(), -- who sends it has it until then
  lease_number    integer     not null default 0, -- counts who has had it: whoever was before must not send what another one has
  handed_at       timestamptz, -- of an e-mail: right before its end goes to the mail server; from then on that may have it
  last_error      text, -- what kind of failure, never what the other side said
  sent_at         timestamptz,
  created_at      timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, notice_id, channel, recipient),
  foreign key (clerk_user_id, notice_id) references notices (clerk_user_id, id) on delete cascade
);
create index notice_deliveries_newest on notice_deliveries (clerk_user_id, created_at desc, id desc);
create index notice_deliveries_waiting on notice_deliveries (next_attempt_at) where state = 'waiting';
alter table notice_deliveries enable row level security, force row level security;
create policy tenant on notice_deliveries
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on notice_deliveries to ringbook_app;
create policy undelivered on notice_deliveries to current_user using (state = 'waiting');

-- Deliveries that are due and of which no job tells: it was lost or set aside, or whoever sent it died.
create function notice_deliveries_undelivered(overdue_ms integer, at_most integer)
  returns table (clerk_user_id text, id uuid, channel text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select d.clerk_user_id, d.id, d.channel from notice_deliveries d
    where d.state = 'waiting' and d.next_attempt_at < now() - overdue_ms * interval '1 millisecond' and d.leased_until < now()
      and not exists (
        select from jobs.job j
        where j.name in ('mail-notice', 'post-notice') and j.state < 'completed' and j.singleton_key = d.id::text)
    order by d.next_attempt_at limit at_most;
end $$;
revoke all on function notice_deliveries_undelivered from public;
grant execute on function notice_deliveries_undelivered to ringbook_app;

-- A key may leave the settings once no secret of a webhook is sealed with it any more either. Sealed texts read `v1.<key id>.…`.
create function notice_settings_sealing_keys() returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select distinct split_part(sealed, '.', 2)
    from notice_settings s, lateral (values (s.webhook_secret), (s.webhook_old_secret)) as v (sealed)
    where sealed is not null;
end $$;

create function notice_settings_sealed_elsewhere(a_key_id text, at_most integer) returns table (clerk_user_id text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select s.clerk_user_id from notice_settings s
    where split_part(s.webhook_secret, '.', 2) <> a_key_id or split_part(s.webhook_old_secret, '.', 2) <> a_key_id
    limit at_most;
end $$;
revoke all on function notice_settings_sealing_keys, notice_settings_sealed_elsewhere from public;
grant execute on function notice_settings_sealing_keys, notice_settings_sealed_elsewhere to ringbook_app;
