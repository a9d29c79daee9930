-- A business is read and changed over REST, and found by the number that a caller dialled.

-- A number that was set by hand loses its spaces; what is no E.164 then, and what somebody else has had for longer, is given up: the number
-- that a caller dialled leads to one business. A forced policy binds the owner too, who runs this.
alter table businesses no force row level security;
update businesses set phone_number = regexp_replace(phone_number, '[^0-9+]', '', 'g') where phone_number is not null;
update businesses b set phone_number = null
  where b.phone_number !~ '^\+[1-9][0-9]{6,14}$'
    or exists (select from businesses e where e.phone_number = b.phone_number and (e.created_at, e.id) < (b.created_at, b.id));
update businesses set notice_minutes = 525600 where notice_minutes > 525600;

alter table directory drop constraint directory_kind_check;
alter table directory add constraint directory_kind_check check (kind in ('assistant', 'secret', 'user', 'number'));
insert into directory (kind, key, clerk_user_id)
  select 'number', b.phone_number, b.clerk_user_id from businesses b where b.phone_number is not null;
alter table businesses force row level security;

alter table businesses
  add constraint businesses_phone_number_check check (phone_number ~ '^\+[1-9][0-9]{6,14}$'),
  add constraint businesses_phone_number_key unique (clerk_user_id, phone_number),
  add constraint businesses_notice_at_most_a_year check (notice_minutes <= 525600),
  add column agent_id integer, -- who answers; null: the newest active agent with an assistant
  add column secret_digest text, -- of the secret with which assistants prove themselves that are made for one call; null: none was made yet
  add constraint businesses_agent_id_fkey foreign key (clerk_user_id, agent_id)
    references vapi_agents (clerk_user_id, agent_id) on delete set null (agent_id);

comment on column businesses.phone_number is 'E.164; claimed in directory, so that it is no other tenant''s';
comment on column businesses.is_active is 'while it is not, its line says that it is not set up, and callers book nothing';
