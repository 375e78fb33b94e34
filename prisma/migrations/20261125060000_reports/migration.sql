-- What reports need: time zones that cannot fail.

-- A zone that PostgreSQL knows, or UTC: a setting that is wrong must not fail a report.
CREATE FUNCTION known_zone(name text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
  PERFORM now() AT TIME ZONE name;
  RETURN coalesce(name, 'UTC');
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN 'UTC';
END $$;
