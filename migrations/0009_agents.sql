-- jsonb would sort the keys of a saved configuration and lose its spelling; json gives back what was saved. The check keeps what jsonb
-- guaranteed: an object of text that every JSON function can read.
alter table vapi_agents
  alter column config type json using config::json,
  add constraint vapi_agents_config_check check (config is null or json_typeof(config) = 'object' and config::jsonb is not null);

-- What an assistant shall find out from a caller, as the owner described it. Names repeat: the frontend proposes the same one every time.
create table agent_variables (
  clerk_user_id      text        not null references users (clerk_user_id) on delete cascade,
  id                 integer     not null generated always as identity, -- an integer because the frontend needs one
  agent_id           integer     not null,
  variable_id        text        not null, -- made by the frontend; sent again it means the same variable
  name               text        not null,
  display_name       text        not null,
  type               text        not null,
  description        text        not null,
  required           boolean     not null,
  default_value      text,
  validation_pattern text, -- kept for the frontend, never run here
  extraction_prompt  text,
  sort_order         integer     not null default 0,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, agent_id, variable_id),
  foreign key (clerk_user_id, agent_id) references vapi_agents (clerk_user_id, agent_id) on delete cascade
);
alter table agent_variables enable row level security, force row level security;
create policy tenant on agent_variables
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on agent_variables to ringbook_app;

-- What an assistant may do, as the owner described it.
create table agent_functions (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  id            integer     not null generated always as identity, -- an integer because the frontend needs one
  agent_id      integer     not null,
  function_id   text        not null, -- made by the frontend; sent again it means the same function
  name          text        not null,
  display_name  text        not null,
  description   text        not null,
  enabled       boolean     not null,
  webhook_url   text, -- kept for the frontend, never called from here
  method        text,
  sort_order    integer     not null default 0,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, agent_id, function_id),
  foreign key (clerk_user_id, agent_id) references vapi_agents (clerk_user_id, agent_id) on delete cascade
);
alter table agent_functions enable row level security, force row level security;
create policy tenant on agent_functions
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on agent_functions to ringbook_app;

-- Assistants that we make at Vapi: a row stands from before Vapi is asked until the assistant is deleted there, so that none is forgotten.
create table made_assistants (
  clerk_user_id     text        not null, -- no reference: of a deleted user these ids stay until her assistants are gone at Vapi too
  id                uuid        not null default gen_random_uuid(), -- in the assistant's metadata: finds it when Vapi's answer was lost
  vapi_assistant_id text, -- null: Vapi has not told
  is_kept           boolean     not null default false, -- an agent stands for it; all others are deleted at Vapi
  attempts          integer     not null default 0, -- to delete it
  leased_until      timestamptz not null, -- who works on it has it until then; afterwards the sweeper takes it up
  created_at        timestamptz not null default now(),
  primary key (clerk_user_id, id),
  unique (clerk_user_id, vapi_assistant_id)
);
create index made_assistants_unwanted on made_assistants (leased_until) where not is_kept;
alter table made_assistants enable row level security, force row level security;
create policy tenant on made_assistants
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy claim on made_assistants to current_user using (not is_kept);
grant select, insert, update, delete on made_assistants to ringbook_app;

-- Assistants to be deleted at Vapi, of all tenants, leased to the one who asks. Each further attempt waits twice as long, at most an hour.
create function made_assistants_claim(lease_ms integer, at_most integer)
  returns table (clerk_user_id text, id uuid)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query
    update made_assistants m
    set attempts = m.attempts + 1,
      leased_until = now() + least(lease_ms * power(2, least(m.attempts, 20)), 3600000) * interval '1 millisecond'
    where (m.clerk_user_id, m.id) in (
      select u.clerk_user_id, u.id from made_assistants u
      where not u.is_kept and u.leased_until < now()
      order by u.leased_until limit at_most for update skip locked)
    returning m.clerk_user_id, m.id;
end $$;

-- Which of these keys are somebody else's. Never tells whose.
create function directory_taken(a_kind text, keys text[]) returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select d.key from directory d
    where d.kind = a_kind and d.key = any (keys)
      and d.clerk_user_id is distinct from nullif(current_setting('app.tenant', true), '');
end $$;
revoke all on function made_assistants_claim, directory_taken from public;
grant execute on function made_assistants_claim, directory_taken to ringbook_app;
