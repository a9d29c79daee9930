-- Agents under control: what stands at Vapi is what is saved here, or a row says that it is not.

-- An agent whose assistant at Vapi we keep as it is saved here. Without a row the assistant is its owner's own business.
create table agent_deployments (
  clerk_user_id      text        not null references users (clerk_user_id) on delete cascade,
  agent_id           integer     not null,
  state              text        not null default 'behind' check (state in (
                       'in_step', -- Vapi has what is saved here
                       'behind', -- a change is on its way
                       'refused', -- Vapi refuses what is saved, or it exceeds Vapi's limits: asking again will not help
                       'altered', -- somebody changed at Vapi what the owner says here
                       'unpublished', -- Vapi keeps the change as a draft
                       'gone')), -- the assistant does not exist at Vapi
  differences        jsonb       not null default '[]', -- names of the fields that differed when Vapi was last asked
  revision           integer     not null default 1, -- grows with every change to be brought to Vapi
  brought            json, -- what we last brought, without secrets: what is no longer wanted of it is taken away; json keeps the order of keys
  sealed_secret      text, -- a webhook secret on its way to Vapi, encrypted by the application; null as soon as Vapi has it
  attempts           integer     not null default 0, -- since Vapi last let us
  leased_until       timestamptz, -- who works on it has it until then
  checked_at         timestamptz, -- when Vapi last told what stands there
  brought_at         timestamptz, -- when Vapi last had what was wanted
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (clerk_user_id, agent_id),
  foreign key (clerk_user_id, agent_id) references vapi_agents (clerk_user_id, agent_id) on delete cascade
);
create index agent_deployments_due on agent_deployments (state, leased_until);
alter table agent_deployments enable row level security, force row level security;
create policy tenant on agent_deployments
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy claim on agent_deployments to current_user using (true);
grant select, insert, update, delete on agent_deployments to ringbook_app;

-- Accepted beside the others until Vapi has it, and only then asked for: no call is refused while an assistant gets a secret.
alter table vapi_agents add column next_secret_digest text;

-- Every config that was saved of an agent, without what is secret in it.
create table agent_versions (
  clerk_user_id text        not null references users (clerk_user_id) on delete cascade,
  agent_id      integer     not null,
  number        integer     not null, -- from 1, of its agent
  agent_name    text        not null,
  config        json, -- with its order of keys
  saved_by      text        not null, -- who: owner, or restored
  note          text,
  saved_at      timestamptz not null default now(),
  primary key (clerk_user_id, agent_id, number),
  foreign key (clerk_user_id, agent_id) references vapi_agents (clerk_user_id, agent_id) on delete cascade
);
alter table agent_versions enable row level security, force row level security;
create policy tenant on agent_versions
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on agent_versions to ringbook_app;

-- A tenant's own key of Vapi's API, used for her instead of the installation's.
create table vapi_keys (
  clerk_user_id text        primary key references users (clerk_user_id) on delete cascade,
  sealed_key    text        not null, -- encrypted by the application
  last_four     text        not null check (length(last_four) = 4), -- to tell one from another
  read_until    timestamptz, -- until then the list of calls in her account has been read: those later are read next
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
alter table vapi_keys enable row level security, force row level security;
create policy tenant on vapi_keys
  using (clerk_user_id = nullif(current_setting('app.tenant', true), ''))
  with check (clerk_user_id = nullif(current_setting('app.tenant', true), ''));
create policy look_up on vapi_keys for select to current_user using (true);
grant select, insert, update, delete on vapi_keys to ringbook_app;

-- In whose account at Vapi an assistant was made: only that one's key can change or delete it.
alter table made_assistants add column with_own_key boolean not null default false;

-- Assistants made before this are looked at as soon as somebody does. With the locks open for a moment: a forced policy binds the owner too.
alter table vapi_agents no force row level security;
alter table made_assistants no force row level security;
alter table agent_deployments no force row level security;
insert into agent_deployments (clerk_user_id, agent_id, state)
  select a.clerk_user_id, a.agent_id, 'in_step' from vapi_agents a
  join made_assistants m on m.clerk_user_id = a.clerk_user_id and m.vapi_assistant_id = a.vapi_assistant_id and m.is_kept;
alter table vapi_agents force row level security;
alter table made_assistants force row level security;
alter table agent_deployments force row level security;

-- Deployments of all tenants that are behind, or that nobody has looked at for so long, leased to the one who asks. Each further attempt
-- waits twice as long, at most an hour.
create function agent_deployments_claim(lease_ms integer, look_after_ms integer, at_most integer)
  returns table (clerk_user_id text, agent_id integer, state text)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query
    update agent_deployments d
    set attempts = d.attempts + 1,
      leased_until = now() + least(lease_ms * power(2, least(d.attempts, 20)), 3600000) * interval '1 millisecond'
    where (d.clerk_user_id, d.agent_id) in (
      select e.clerk_user_id, e.agent_id from agent_deployments e
      where (e.leased_until is null or e.leased_until < now())
        and (e.state = 'behind'
          or e.state <> 'gone' and (e.checked_at is null or e.checked_at < now() - look_after_ms * interval '1 millisecond'))
      order by e.leased_until nulls first limit at_most for update skip locked)
    returning d.clerk_user_id, d.agent_id, d.state;
end $$;

-- Every agent with an assistant, of all tenants, for whoever runs the installation.
create policy look_up on vapi_agents for select to current_user using (vapi_assistant_id is not null);
create function vapi_agents_linked() returns table (clerk_user_id text, agent_id integer, assistant_id text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select a.clerk_user_id, a.agent_id, a.vapi_assistant_id from vapi_agents a
    where a.vapi_assistant_id is not null order by a.clerk_user_id, a.agent_id;
end $$;

-- With which keys are Vapi's keys and the assistants' secrets sealed, and which rows not with this one?
create function vapi_sealing_keys() returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select distinct split_part(k.sealed_key, '.', 2) from vapi_keys k
    union select distinct split_part(d.sealed_secret, '.', 2) from agent_deployments d where d.sealed_secret is not null;
end $$;
create function vapi_sealed_elsewhere(a_key_id text, at_most integer) returns table (clerk_user_id text, agent_id integer)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    select s.clerk_user_id, s.agent_id from (
      select k.clerk_user_id, null::integer as agent_id, k.sealed_key as sealed from vapi_keys k
      union all select d.clerk_user_id, d.agent_id, d.sealed_secret from agent_deployments d where d.sealed_secret is not null) s
    where split_part(s.sealed, '.', 2) <> a_key_id
    limit at_most;
end $$;

-- Who has a key of her own, page by page.
create function vapi_key_holders(after text, at_most integer) returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select k.clerk_user_id from vapi_keys k where k.clerk_user_id > after order by 1 limit at_most;
end $$;

revoke all on function agent_deployments_claim, vapi_agents_linked, vapi_sealing_keys, vapi_sealed_elsewhere, vapi_key_holders from public;
grant execute on function agent_deployments_claim, vapi_agents_linked, vapi_sealing_keys, vapi_sealed_elsewhere, vapi_key_holders to ringbook_app;
