-- Runs once, when the volume is empty, as the superuser: the user that owns Pulse's database and runs its migrations.
-- It may make the weaker roles that serve requests, and is no superuser itself (docs/OPERATIONS.md, "Roles").
\getenv password PULSE_DATABASE_PASSWORD
CREATE ROLE pulse LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE pulse OWNER pulse;
