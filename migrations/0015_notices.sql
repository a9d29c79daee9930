-- What the owner is to be told. A row is added in the transaction of what it tells of, so that neither is there without the other.
create table notices (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  id            uuid        not null default gen_random_uuid(),
  kind          text        not null, -- no check on the names: the list lives in code
  text          text        not null, -- for people: what happened, and what to do
  booking_id    uuid, -- what it is about; no reference, because the notice outlives it
  message_id    uuid,
  connection_id uuid,
  once_key      text, -- under one key the owner is told once; null: each time
  read_at       timestamptz,
  created_at    timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, once_key)
);
create index notices_newest on notices (clerk_user_id, created_at desc, id desc);
alter table notices enable row level security, force row level security;
create policy tenant on notices
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on notices to ringbook_app;
