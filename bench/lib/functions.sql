-- What users of PostGraphile write where its tables do not answer: functions, over the same views and tables that Pulse uses.
CREATE SCHEMA IF NOT EXISTS bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
DO $$ BEGIN
  CREATE TYPE bench.bench_hit AS (id uuid, display_name text);
  CREATE TYPE bench.bench_sum AS (stage_id uuid, status text, currency text, count bigint, sum numeric);
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

-- The same ranking of the same four kinds of records as Pulse's, by the same statement.
CREATE OR REPLACE FUNCTION bench.search(text text) RETURNS SETOF bench.bench_hit LANGUAGE sql STABLE AS $search$
  SELECT hit.id, CASE hit.type
           WHEN 'CONTACT' THEN (SELECT first_name || ' ' || last_name FROM read.contacts AS c WHERE c.org_id = current_setting('app.org_id')::uuid AND c.id = hit.id)
           WHEN 'COMPANY' THEN (SELECT name FROM read.companies AS c WHERE c.org_id = current_setting('app.org_id')::uuid AND c.id = hit.id)
           WHEN 'DEAL' THEN (SELECT title FROM read.deals AS d WHERE d.org_id = current_setting('app.org_id')::uuid AND d.id = hit.id)
           ELSE (SELECT subject FROM read.activities AS a WHERE a.org_id = current_setting('app.org_id')::uuid AND a.id = hit.id) END
    FROM (/* the product’s ranked search */) AS hit WHERE hit.id IS NOT NULL ORDER BY hit.points DESC, hit.id DESC LIMIT 20
$search$;

CREATE OR REPLACE FUNCTION bench.sums() RETURNS SETOF bench.bench_sum LANGUAGE sql STABLE AS $$
  SELECT stage_id, status::text, currency, count(*), coalesce(sum(value), 0)
    FROM read.deals WHERE deleted_at IS NULL GROUP BY stage_id, status, currency ORDER BY stage_id, status, currency
$$;

-- Moves as Pulse does: one at a time into a column, behind its last deal, with a fact of what changed, chained by the table's trigger, and history.
CREATE OR REPLACE FUNCTION bench.move_deal(deal_id uuid, to_stage uuid) RETURNS public.deals LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  org uuid := current_setting('app.org_id')::uuid;
  fact uuid := gen_random_uuid();
  line uuid;
  before public.deals;
  after public.deals;
  head record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(org || ' column ' || to_stage, 0));
  SELECT p.id INTO line FROM public.pipelines AS p JOIN public.pipeline_stages AS s ON s.org_id = p.org_id AND s.pipeline_id = p.id
   WHERE s.org_id = org AND s.id = to_stage AND p.deleted_at IS NULL FOR KEY SHARE OF p;
  SELECT * INTO before FROM public.deals AS d WHERE d.org_id = org AND d.id = deal_id AND d.deleted_at IS NULL AND d.status = 'OPEN' FOR NO KEY UPDATE;
  IF line IS NULL OR before.id IS NULL THEN RAISE EXCEPTION 'There is no such deal or stage.'; END IF;
  UPDATE public.deals AS d SET stage_id = to_stage, pipeline_id = line, stage_entered_at = now(),
         -- Nobody else adds to this column meanwhile; clocks do not run backwards for this long.
         position = 'y' || to_char(extract(epoch FROM clock_timestamp()) * 1000000, 'FM00000000000000000') || '1'
   WHERE d.org_id = org AND d.id = deal_id RETURNING * INTO after;
  INSERT INTO public.audit_heads AS h (org_id, seq, updated_at) VALUES (org, 1, clock_timestamp())
  ON CONFLICT (org_id) DO UPDATE SET seq = h.seq + 1, updated_at = greatest(h.updated_at, clock_timestamp()) RETURNING seq, updated_at INTO head;
  WITH told AS MATERIALIZED (
    SELECT field, old, new, uuid_send(gen_random_uuid()) AS salt FROM (VALUES
      ('stageId', to_jsonb(before.stage_id), to_jsonb(after.stage_id)), ('position', to_jsonb(before.position), to_jsonb(after.position)),
      ('stageEnteredAt', to_jsonb(before.stage_entered_at), to_jsonb(after.stage_entered_at)), ('@ip', 'null', '"127.0.0.1"')) AS v (field, old, new)
  ), log AS (
    INSERT INTO public.audit_logs (org_id, id, seq, change_id, actor_kind, user_id, action, entity_type, entity_id, entity_version, changes, ip_address, request_id, created_at)
    SELECT org, fact, head.seq, gen_random_uuid(), 'USER', current_setting('app.user_id')::uuid, 'MOVE', 'Deal', deal_id, after.version,
           (SELECT jsonb_object_agg(t.field, encode(sha256(t.salt || convert_to(format('[%s,%s,%s]', to_json(t.field), t.old, t.new), 'UTF8')), 'hex')) FROM told AS t),
           '127.0.0.1', gen_random_uuid(), head.updated_at
  ), kept AS (
    INSERT INTO public.audit_values (org_id, audit_id, field, before, after, salt) SELECT org, fact, t.field, t.old, t.new, t.salt FROM told AS t
  )
  INSERT INTO public.deal_history (org_id, id, deal_id, at, seq, pipeline_id, stage_id, status, value, currency, owner_id, is_deleted)
  VALUES (org, gen_random_uuid(), deal_id, head.updated_at, head.seq, after.pipeline_id, after.stage_id, after.status, after.value, after.currency, after.owner_id, false);
  RETURN after;
END $$;
