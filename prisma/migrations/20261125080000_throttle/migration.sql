-- Attempts that are counted to slow down guessing (src/db/attempts.ts). No tenant's data: keys are keyed hashes. The layout is that of
-- rate-limiter-flexible; unlogged, because a crash may forget them. A schema of its own: every table of public has an organization.
CREATE SCHEMA throttle;
CREATE UNLOGGED TABLE throttle.attempts (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
CREATE INDEX attempts_expire_idx ON throttle.attempts (expire);
