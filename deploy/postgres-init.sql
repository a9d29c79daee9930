-- Runs once, by psql, when the database container of compose.yaml starts with an empty volume.
-- The schema's owner is no superuser, as at any host: a superuser would pass every row level policy.
-- It may create roles, because the migration makes the running service's own role.
\getenv owner_password POSTGRES_PASSWORD
create role ringbook_owner login createrole nosuperuser nocreatedb noreplication nobypassrls password :'owner_password';
create database ringbook owner ringbook_owner;
-- The superuser is then reachable from inside the container only: docker compose exec postgres psql -U postgres ringbook
alter role postgres password null;
