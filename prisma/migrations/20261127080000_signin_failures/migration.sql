-- Failed attempts to sign in that concern no organization (src/domain/auth/refusals.ts): unknown addresses and keys. For whoever runs Pulse; swept after
-- 30 days, and beyond the newest 100,000 (jobs.sweep). `account` is a keyed hash of what was typed, `times` how many attempts a row stands for.
CREATE TABLE throttle.signin_failures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT now(),
  reason text NOT NULL,
  account text,
  ip inet,
  times integer NOT NULL CHECK (times > 0)
);
CREATE INDEX signin_failures_at_idx ON throttle.signin_failures (at);
