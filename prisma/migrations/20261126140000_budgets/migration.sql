-- What organizations and callers may spend on operations (docs/PRICE.md): a bucket each, filled again as time passes. No tenant's
-- data: an id and a number. Unlogged, because after a crash a full bucket is as good. Instances take points out in chunks.
CREATE UNLOGGED TABLE throttle.budgets (
  key text PRIMARY KEY,
  points double precision NOT NULL,
  at timestamptz NOT NULL
);

-- Takes at most `wanted` points out, and nothing when there are fewer than `least`. A lock that somebody holds is not waited for.
CREATE FUNCTION throttle.lease(bucket text, capacity double precision, restore_rate double precision, wanted double precision,
                               least_useful double precision, OUT granted double precision, OUT left_over double precision)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  found throttle.budgets;
BEGIN
  INSERT INTO throttle.budgets AS b (key, points, at) VALUES (bucket, capacity, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET key = b.key RETURNING * INTO STRICT found;
  left_over := least(capacity, found.points + restore_rate * greatest(0, extract(epoch FROM clock_timestamp() - found.at)));
  granted := CASE WHEN left_over < least_useful THEN 0 ELSE least(wanted, left_over) END;
  left_over := left_over - granted;
  UPDATE throttle.budgets AS b SET points = left_over, at = greatest(found.at, clock_timestamp()) WHERE b.key = bucket;
END $$;
