-- Some vendors take appointments of certain lengths only, and say at which times: what they take is known before they are asked.
alter table oauth_tokens add column appointment_minutes integer[] not null default '{}'; -- of the chosen calendar, the usual length first; empty: any
