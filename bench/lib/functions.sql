-- What users of PostGraphile write where its tables do not answer: functions, over the same views that Pulse reads.
CREATE SCHEMA IF NOT EXISTS bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
DO $$ BEGIN
  CREATE TYPE bench.bench_hit AS (id uuid, display_name text);
  CREATE TYPE bench.bench_sum AS (stage_id uuid, status text, currency text, count bigint, sum numeric);
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE OR REPLACE FUNCTION bench.search(text text) RETURNS SETOF bench.bench_hit LANGUAGE sql STABLE AS $$
  (SELECT id, first_name || ' ' || last_name FROM read.contacts
    WHERE deleted_at IS NULL AND public.fold(last_name) LIKE public.fold_pattern(text) || '%' LIMIT 20)
  UNION ALL
  (SELECT id, name FROM read.companies WHERE deleted_at IS NULL AND public.fold(name) LIKE '%' || public.fold_pattern(text) || '%' LIMIT 20)
  UNION ALL
  (SELECT id, title FROM read.deals WHERE deleted_at IS NULL AND public.fold(title) LIKE '%' || public.fold_pattern(text) || '%' LIMIT 20)
  LIMIT 20
$$;
CREATE OR REPLACE FUNCTION bench.sums() RETURNS SETOF bench.bench_sum LANGUAGE sql STABLE AS $$
  SELECT stage_id, status::text, currency, count(*), coalesce(sum(value), 0)
    FROM read.deals WHERE deleted_at IS NULL GROUP BY stage_id, status, currency ORDER BY stage_id, status, currency
$$;
