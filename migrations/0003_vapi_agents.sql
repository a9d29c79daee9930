-- Our record of a Vapi assistant. Which assistant belongs to whom stands in `directory` as well, for the webhook.
create table vapi_agents (
  clerk_user_id          text        not null references users (clerk_user_id) on delete cascade,
  agent_id               integer     not null generated always as identity, -- an integer because the frontend needs one
  vapi_assistant_id      text,
  agent_name             text        not null,
  config                 jsonb,
  is_active              boolean     not null default true,
  secret_digest          text, -- SHA-256 of the webhook secret, hex
  previous_secret_digest text, -- stays good until the next change, so that Vapi's dashboard can follow
  created_at             timestamptz not null default now(),
  updated_at             timestamptz not null default now(),
  primary key (clerk_user_id, agent_id),
  unique (clerk_user_id, vapi_assistant_id)
);
alter table vapi_agents enable row level security, force row level security;
create policy tenant on vapi_agents
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on vapi_agents to ringbook_app;
