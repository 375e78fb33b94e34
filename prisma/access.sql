-- Who may touch what: grants, row-level security, reader views, and the one function that looks across tenants.
-- Applied in one transaction after the migrations, whenever this text, a migration or a role's name has changed
-- (src/db/setup/access.ts fills in the names). A migration that alters a column shown by a view first drops that
-- view (DROP VIEW read.x); it is made anew here.
--
--   {{owner}}   runs migrations and owns the tables        {{app}}     serves requests, owns nothing
--   {{reader}}  NOLOGIN, owns the views                    {{signin}}  can call the functions of the schema signin, and count attempts
--
-- Why views: behind a policy, an operator that is not leakproof (numeric comparison, array and trigram operators,
-- ILIKE, enum equality) cannot use an index. The view's own condition is the wall for reads; policies are the wall for
-- writes and for whatever does not go through a view.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {{app}}, {{reader}}, {{signin}};
GRANT USAGE ON SCHEMA public TO {{app}}, {{reader}};
-- Readiness asks whether the database is the one this version was made for.
GRANT SELECT (migration_name, finished_at, rolled_back_at) ON public._prisma_migrations TO {{app}};

DROP SCHEMA IF EXISTS read CASCADE;
CREATE SCHEMA read;
GRANT USAGE ON SCHEMA read TO {{app}};
GRANT USAGE, CREATE ON SCHEMA read TO {{reader}};

-- Row-level security on every tenant table, and a view of it for those that are read as records.
DO $access$
DECLARE
  current_org CONSTANT text := '(SELECT nullif(current_setting(''app.org_id'', true), '''')::uuid)';
  tenant_table text;
  tenant_key text;
  policy_name text;
  shown_columns text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['organizations', 'users', 'companies', 'contacts', 'pipelines', 'pipeline_stages',
                                      'deals', 'activities', 'audit_logs', 'audit_values', 'audit_heads', 'audit_erasures', 'deal_history',
                                      'pipeline_history', 'idempotency_keys', 'sessions', 'refresh_tokens', 'api_keys', 'exchange_rates', 'custom_fields',
                                      'search_words', 'search_terms', 'search_notes', 'consent_purposes', 'consent_texts', 'consents',
                                      'registrations', 'invitations', 'account_tokens', 'reset_requests',
                                      'legal_holds', 'erasures', 'erased_people', 'subject_exports',
                                      'organization_exports', 'organization_export_parts', 'retention_rules', 'retention_runs'] LOOP
    tenant_key := CASE tenant_table WHEN 'organizations' THEN 'id' ELSE 'org_id' END;
    FOREACH policy_name IN ARRAY ARRAY['tenant', 'reader', 'owner'] LOOP
      EXECUTE format('DROP POLICY IF EXISTS %I ON public.%I', policy_name, tenant_table);
    END LOOP;
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('CREATE POLICY tenant ON public.%I TO {{app}} USING (%I = %s) WITH CHECK (%I = %s)',
                   tenant_table, tenant_key, current_org, tenant_key, current_org);
    EXECUTE format('CREATE POLICY reader ON public.%I FOR SELECT TO {{reader}} USING (true)', tenant_table);
    -- FORCE binds the owner too: without this a migration's backfill would touch no row and say nothing.
    EXECUTE format('CREATE POLICY owner ON public.%I TO {{owner}} USING (true) WITH CHECK (true)', tenant_table);
    CONTINUE WHEN tenant_table IN ('refresh_tokens', 'audit_heads', 'idempotency_keys', 'registrations', 'account_tokens',
                                   'reset_requests', 'erased_people', 'organization_export_parts');
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO shown_columns
      FROM pg_attribute
     WHERE attrelid = format('public.%I', tenant_table)::regclass AND attnum > 0 AND NOT attisdropped
       AND attname NOT IN ('password_hash', 'salt', 'secret_hash', 'json', 'html');
    EXECUTE format('CREATE VIEW read.%I AS SELECT %s FROM public.%I WHERE %I = %s',
                   tenant_table, shown_columns, tenant_table, tenant_key, current_org);
    EXECUTE format('GRANT SELECT (%s) ON public.%I TO {{reader}}', shown_columns, tenant_table);
    -- INSERT … RETURNING and UPDATE … WHERE read the table itself, under its policy.
    EXECUTE format('GRANT SELECT (%s) ON public.%I TO {{app}}', shown_columns, tenant_table);
    EXECUTE format('ALTER VIEW read.%I OWNER TO {{reader}}', tenant_table);
    EXECUTE format('SET LOCAL ROLE {{reader}}');
    EXECUTE format('GRANT SELECT ON read.%I TO {{app}}', tenant_table);
    EXECUTE 'RESET ROLE';
  END LOOP;
END $access$;

-- Writes: identity, tenant, version and timestamps are nobody's to set; records are deleted softly.
GRANT INSERT ON public.companies, public.contacts, public.pipelines, public.deals, public.activities TO {{app}};
GRANT INSERT, UPDATE (last_used_at, ended_at, end_reason) ON public.sessions TO {{app}};
GRANT SELECT, INSERT, UPDATE (used_at, successor_id, sealed_successor) ON public.refresh_tokens TO {{app}};
GRANT SELECT (secret_hash), INSERT, UPDATE (last_used_at, revoked_at) ON public.api_keys TO {{app}};

-- Facts and histories are written once: nothing here can be updated or deleted.
GRANT INSERT ON public.audit_logs TO {{app}};
GRANT SELECT, INSERT ON public.audit_values, public.deal_history, public.pipeline_history TO {{app}};
GRANT SELECT, INSERT, UPDATE (seq, updated_at) ON public.audit_heads TO {{app}};
GRANT SELECT, INSERT, UPDATE, DELETE ON public.idempotency_keys TO {{app}};
-- An organization is founded in its own name: the policies let nobody make another one, or somebody of another one. A password's
-- hash can be set and never be read; reading it is the sign-in role's.
GRANT INSERT, UPDATE (name, settings, deletion_due_at) ON public.organizations TO {{app}};
GRANT INSERT, UPDATE (email, password_hash) ON public.users TO {{app}};
GRANT SELECT, INSERT, UPDATE (confirmed_at, user_id) ON public.registrations TO {{app}};
GRANT INSERT, UPDATE (accepted_at, user_id, revoked_at) ON public.invitations TO {{app}};
GRANT SELECT, INSERT, UPDATE (used_at, voided_at) ON public.account_tokens TO {{app}};
GRANT SELECT, INSERT ON public.reset_requests TO {{app}};
GRANT UPDATE (first_name, last_name, role, is_active, time_zone, locale, last_login_at) ON public.users TO {{app}};
GRANT UPDATE (owner_id, name, industry, website, phone, phone_e164, phone_digits, custom_fields, merged_into, deleted_at) ON public.companies TO {{app}};
GRANT UPDATE (company_id, owner_id, first_name, last_name, email, phone, phone_e164, phone_digits, job_title, status, tags, last_activity_at, custom_fields,
              merged_into, restricted_at, erased_at, erased_before, deleted_at) ON public.contacts TO {{app}};
GRANT UPDATE (name, is_default, stages, deleted_at) ON public.pipelines TO {{app}};
GRANT UPDATE (pipeline_id, stage_id, contact_id, company_id, owner_id, title, value, currency, status,
              expected_close_date, position, stage_entered_at, closed_at, won_reason, lost_reason, close_note, last_activity_at, rots_at,
              custom_fields, deleted_at)
  ON public.deals TO {{app}};
GRANT UPDATE (owner_id, contact_id, deal_id, type, subject, description, due_date, is_completed, completed_at,
              deleted_at) ON public.activities TO {{app}};

GRANT INSERT, UPDATE (label, description, options, place, is_required, is_sortable, is_personal, slot, deleted_at)
  ON public.custom_fields TO {{app}};
GRANT UPDATE (custom_text_a, custom_text_b, custom_text_c, custom_number_a, custom_number_b,
              custom_number_c, custom_date_a, custom_date_b)
  ON public.companies, public.contacts, public.deals TO {{app}};

GRANT INSERT, UPDATE (rate, deleted_at) ON public.exchange_rates TO {{app}};

-- Consents are a ledger. What contacts show of it is set by its trigger (project_consent), and by nobody else.
GRANT INSERT ON public.consents, public.consent_texts TO {{app}};
GRANT INSERT, UPDATE (name, description, deleted_at) ON public.consent_purposes TO {{app}};

-- What people can ask for. That somebody was erased is written once.
GRANT INSERT, UPDATE (reason, released_by_id, released_at) ON public.legal_holds TO {{app}};
GRANT INSERT ON public.erasures TO {{app}};
GRANT SELECT, INSERT ON public.erased_people TO {{app}};
GRANT SELECT (json, html), INSERT, UPDATE (json, html, ready_at, expires_at) ON public.subject_exports TO {{app}};
-- A file that is made again is written over the pieces of the attempt before.
GRANT INSERT, UPDATE (state, attempt, rows_done, rows_total, parts, size, finished_at, expires_at) ON public.organization_exports TO {{app}};
GRANT SELECT, INSERT, UPDATE (bytes) ON public.organization_export_parts TO {{app}};
GRANT INSERT, UPDATE (span, state, activated_by_id, activated_at) ON public.retention_rules TO {{app}};
GRANT INSERT, UPDATE (state, step, last_id, examined, removed, skipped, held, error, finished_at) ON public.retention_runs TO {{app}};
GRANT UPDATE (erased_at) ON public.users TO {{app}};
GRANT UPDATE (email) ON public.invitations TO {{app}};
GRANT UPDATE (name) ON public.api_keys TO {{app}};

-- Empties columns that the server may not write, of a contact or user that the same transaction has erased; of consents that an erased user
-- wrote down, where that was done from. It can set nothing, and reaches nobody else.
DROP SCHEMA IF EXISTS privacy CASCADE;
CREATE SCHEMA privacy;
GRANT USAGE ON SCHEMA privacy TO {{app}};
CREATE FUNCTION privacy.forget(kept_in text, erased uuid, columns text[]) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org CONSTANT uuid := nullif(current_setting('app.org_id', true), '')::uuid;
  erased_kind text;
  whose text;
  emptied text;
  gone integer;
BEGIN
  IF EXISTS (SELECT FROM public.contacts AS c WHERE c.org_id = org AND c.id = erased AND c.erased_at IS NOT NULL) THEN
    erased_kind := 'CONTACT';
  ELSIF EXISTS (SELECT FROM public.users AS u WHERE u.org_id = org AND u.id = erased AND u.erased_at IS NOT NULL) THEN
    erased_kind := 'USER';
  ELSE
    RAISE EXCEPTION 'Only what is known about somebody who was erased is forgotten.';
  END IF;
  SELECT of.column_name INTO whose
    FROM (VALUES ('CONTACT', 'contacts', 'id', NULL), ('CONTACT', 'consents', 'contact_id', NULL),
                 ('USER', 'sessions', 'user_id', NULL), ('USER', 'account_tokens', 'user_id', NULL), ('USER', 'registrations', 'user_id', NULL),
                 ('USER', 'consents', 'user_id', ARRAY['ip_address'])) AS of (kind, name, column_name, only_these)
   WHERE of.kind = erased_kind AND of.name = kept_in AND (of.only_these IS NULL OR columns <@ of.only_these);
  IF whose IS NULL THEN RAISE EXCEPTION 'Nothing of the kind can be forgotten in %.', kept_in; END IF;
  -- What is required becomes the empty value of its type; a text that is required becomes the mask.
  SELECT string_agg(format('%I = %s', a.attname, CASE
           WHEN NOT a.attnotnull THEN 'NULL'
           WHEN a.atttypid = 'boolean'::regtype THEN 'false'
           ELSE quote_literal('[erased]') END), ', ')
    INTO emptied
    FROM pg_attribute AS a WHERE a.attrelid = format('public.%I', kept_in)::regclass AND a.attname = ANY (columns) AND a.attnum > 0;
  PERFORM set_config('app.derived', 'on', true);
  EXECUTE format('UPDATE public.%I SET %s WHERE org_id = $1 AND %I = $2', kept_in, emptied, whose) USING org, erased;
  GET DIAGNOSTICS gone = ROW_COUNT;
  PERFORM set_config('app.derived', '', true);
  RETURN gone;
END $$;
REVOKE ALL ON FUNCTION privacy.forget(text, uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.forget(text, uuid, text[]) TO {{app}};

-- Removes what visitors asked for with addresses of a user that the same transaction has erased: a new password. It belongs to no
-- organization. Of an address that anybody signs in with it stays.
CREATE FUNCTION privacy.forget_reset_requests(erased uuid, addresses text[]) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone integer;
BEGIN
  IF NOT EXISTS (SELECT FROM public.users AS u WHERE u.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND u.id = erased
                    AND u.erased_at IS NOT NULL) THEN
    RAISE EXCEPTION 'Only what is known about somebody who was erased is forgotten.';
  END IF;
  DELETE FROM public.reset_requests AS r
   WHERE r.email = ANY (addresses) AND NOT EXISTS (SELECT FROM public.users AS u WHERE u.email = r.email);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
REVOKE ALL ON FUNCTION privacy.forget_reset_requests(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.forget_reset_requests(uuid, text[]) TO {{app}};

-- Jobs of the organization that wait and name one of some records, for exporting what is held about a person.
CREATE FUNCTION privacy.jobs_about(records uuid[]) RETURNS TABLE (about uuid, task text, payload jsonb, run_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT named.value::uuid, kind.identifier, job.payload::jsonb - 'orgId', job.run_at
    FROM graphile_worker._private_jobs AS job
    JOIN graphile_worker._private_tasks AS kind ON kind.id = job.task_id
    CROSS JOIN LATERAL jsonb_each_text(job.payload::jsonb) AS named
   WHERE job.payload ->> 'orgId' = nullif(current_setting('app.org_id', true), '') AND named.key <> 'orgId'
     AND named.value = ANY (records::text[])
$$;
REVOKE ALL ON FUNCTION privacy.jobs_about(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.jobs_about(uuid[]) TO {{app}};

-- Signing in knows an e-mail and no organization. This answers that question and no other.
DROP SCHEMA IF EXISTS signin CASCADE;
CREATE SCHEMA signin;
GRANT USAGE ON SCHEMA signin TO {{signin}};
CREATE FUNCTION signin.find_login(login_email text)
  RETURNS TABLE (org_id uuid, user_id uuid, password_hash text, role text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.org_id, u.id, u.password_hash, u.role::text
    FROM public.users AS u
   WHERE u.email = lower(login_email) AND u.is_active AND u.deleted_at IS NULL
$$;
-- Who has just signed in gets a hash of today's cost: no new version, and a password that was changed meanwhile
-- stays as it is.
CREATE FUNCTION signin.renew_hash(login_org uuid, login_user uuid, old_hash text, new_hash text)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT set_config('app.derived', 'on', true);
  UPDATE public.users SET password_hash = new_hash WHERE org_id = login_org AND id = login_user AND password_hash = old_hash
$$;
-- Whether anybody has an account with this address: what a mail to it says depends on it, and never an answer.
CREATE FUNCTION signin.is_taken(address text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.users AS u WHERE u.email = lower(address))
$$;
-- A newer registration makes older ones of the same address worthless, each in an organization to be of its own.
CREATE FUNCTION signin.newest_registration(address text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.id FROM public.registrations AS r WHERE r.email = address ORDER BY r.created_at DESC, r.id DESC LIMIT 1
$$;
-- What is known of people whom the ledger of erasures names: whether each is erased, is there, or is gone with all else.
CREATE FUNCTION signin.erasure_states(orgs uuid[], records uuid[]) RETURNS TABLE (place bigint, state text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT asked.place, CASE
      WHEN EXISTS (SELECT FROM public.erasures AS e WHERE e.org_id = asked.org AND e.record_id = asked.record) THEN 'ERASED'
      WHEN EXISTS (SELECT FROM public.contacts AS c WHERE c.org_id = asked.org AND c.id = asked.record)
        OR EXISTS (SELECT FROM public.users AS u WHERE u.org_id = asked.org AND u.id = asked.record) THEN 'THERE'
      ELSE 'GONE' END
    FROM unnest(orgs, records) WITH ORDINALITY AS asked (org, record, place)
$$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA signin FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA signin TO {{signin}};

-- Counted attempts belong to no tenant and say nothing about one: their keys are keyed hashes.
GRANT USAGE ON SCHEMA throttle TO {{signin}};
GRANT SELECT, INSERT, UPDATE, DELETE ON throttle.attempts TO {{signin}};
-- Nor do budgets: their keys are ids.
GRANT SELECT, INSERT, UPDATE ON throttle.budgets TO {{signin}};
-- Written by the server, read by whoever owns the database.
REVOKE ALL ON throttle.signin_failures FROM PUBLIC, {{app}}, {{reader}}, {{signin}}, {{worker}};
GRANT INSERT ON throttle.signin_failures TO {{signin}};
REVOKE ALL ON FUNCTION throttle.lease(text, double precision, double precision, double precision, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION throttle.lease(text, double precision, double precision, double precision, double precision) TO {{signin}};

-- Jobs (docs/decisions/0013-jobs-in-postgresql.md). The library's tables have row-level security without policies: only its
-- own functions' owner gets in. The server makes jobs through jobs.enqueue; the worker takes and finishes them.
REVOKE ALL ON SCHEMA graphile_worker FROM PUBLIC, {{app}}, {{reader}}, {{signin}}, {{worker}};
REVOKE ALL ON ALL TABLES IN SCHEMA graphile_worker FROM PUBLIC, {{app}}, {{reader}}, {{signin}}, {{worker}};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA graphile_worker FROM PUBLIC, {{app}}, {{reader}}, {{signin}}, {{worker}};
GRANT USAGE ON SCHEMA graphile_worker TO {{worker}};
GRANT SELECT, INSERT (identifier) ON graphile_worker._private_tasks TO {{worker}};
GRANT SELECT, UPDATE (locked_by, locked_at) ON graphile_worker._private_job_queues TO {{worker}};
-- The payload: the library writes it back with every failure.
GRANT SELECT, DELETE, UPDATE (attempts, run_at, locked_by, locked_at, last_error, payload)
  ON graphile_worker._private_jobs TO {{worker}};
DROP POLICY IF EXISTS worker ON graphile_worker._private_tasks;
DROP POLICY IF EXISTS worker ON graphile_worker._private_job_queues;
DROP POLICY IF EXISTS worker ON graphile_worker._private_jobs;
CREATE POLICY worker ON graphile_worker._private_tasks TO {{worker}} USING (true) WITH CHECK (true);
CREATE POLICY worker ON graphile_worker._private_job_queues TO {{worker}} USING (true) WITH CHECK (true);
CREATE POLICY worker ON graphile_worker._private_jobs TO {{worker}} USING (true) WITH CHECK (true);

DROP SCHEMA IF EXISTS jobs CASCADE;
CREATE SCHEMA jobs;
GRANT USAGE ON SCHEMA jobs TO {{app}}, {{worker}};

-- A job of the organization in whose name the transaction runs, done once that has committed. The payload holds ids and
-- plain names only: jobs are no place for what is known about people, or for secrets.
CREATE FUNCTION jobs.enqueue(task text, payload jsonb, run_at timestamptz, job_key text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org CONSTANT uuid := nullif(current_setting('app.org_id', true), '')::uuid;
  id_or_name CONSTANT text := '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-zA-Z][a-zA-Z0-9]{0,39})$';
BEGIN
  IF org IS NULL THEN
    RAISE EXCEPTION 'A job belongs to an organization, and this transaction has none.';
  END IF;
  IF task !~ '^[a-z][a-zA-Z]{0,39}$' OR job_key !~ '^[a-zA-Z0-9:-]{1,200}$' OR jsonb_typeof(payload) <> 'object'
     OR EXISTS (SELECT FROM jsonb_each(payload) AS entry
                 WHERE jsonb_typeof(entry.value) <> 'string' OR entry.value #>> '{}' !~ id_or_name) THEN
    RAISE EXCEPTION 'A job holds ids and plain names only.';
  END IF;
  PERFORM graphile_worker.add_job(task, (payload || jsonb_build_object('orgId', org))::json, run_at => run_at,
                                  job_key => org || ':' || task || ':' || job_key);
END $$;
REVOKE ALL ON FUNCTION jobs.enqueue(text, jsonb, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.enqueue(text, jsonb, timestamptz, text) TO {{app}};

-- Gives back what workers that are gone had taken. A living one holds an advisory lock on its name, which ends with its
-- session (src/db/jobs/presence.ts has the same number).
CREATE FUNCTION jobs.reclaim() RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE graphile_worker._private_jobs AS job SET locked_by = NULL, locked_at = NULL
   WHERE job.locked_by IS NOT NULL
     AND NOT EXISTS (SELECT FROM pg_locks AS l
                      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 7285732 AND l.objsubid = 2
                        AND l.objid = hashtext(job.locked_by)::oid
                        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
$$;
REVOKE ALL ON FUNCTION jobs.reclaim() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.reclaim() TO {{worker}};

-- The only way to erase what facts tell: `wanted` is { values: [{ auditId, field }], records: [{ type, id, fields }], actors: [userId] }.
-- Of records all values, or those of `fields`; of actors the addresses they came from. Deletes these values and the clear
-- addresses that they repeat, and writes the fact of it: who (`origin`), about whom (`subject`), why, and a digest of the list, which
-- is in audit_erasures. Returns how many values went; without any there is no fact. The head stays locked until the commit: call it last.
DROP SCHEMA IF EXISTS audit CASCADE;
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO {{app}}, {{worker}};
CREATE FUNCTION audit.erase_values(wanted jsonb, subject jsonb, reason text, origin jsonb) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org CONSTANT uuid := nullif(current_setting('app.org_id', true), '')::uuid;
  fact CONSTANT uuid := gen_random_uuid();
  ids uuid[];
  fields text[];
  told jsonb;
  number bigint;
  moment timestamptz;
BEGIN
  IF org IS NULL THEN
    RAISE EXCEPTION 'An erasure belongs to an organization, and this transaction has none.';
  END IF;
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'An erasure has a reason.';
  END IF;
  WITH chosen AS (
    SELECT w."auditId" AS audit_id, w.field FROM jsonb_to_recordset(wanted -> 'values') AS w ("auditId" uuid, field text)
    UNION
    SELECT v.audit_id, v.field
      FROM jsonb_to_recordset(wanted -> 'records') AS r (type text, id uuid, fields text[])
      JOIN public.audit_logs AS l ON l.org_id = org AND l.entity_type = r.type AND l.entity_id = r.id
      JOIN public.audit_values AS v ON v.org_id = org AND v.audit_id = l.id
     WHERE v.field = ANY (r.fields) OR r.fields IS NULL AND v.field NOT LIKE '@%'
    UNION
    SELECT l.id, '@ip' FROM jsonb_array_elements_text(wanted -> 'actors') AS a (id)
      JOIN public.audit_logs AS l ON l.org_id = org AND l.user_id = a.id::uuid
  ), gone AS (
    DELETE FROM public.audit_values AS v USING chosen AS c
     WHERE v.org_id = org AND v.audit_id = c.audit_id AND v.field = c.field RETURNING v.audit_id, v.field
  )
  SELECT array_agg(g.audit_id), array_agg(g.field) INTO ids, fields FROM gone AS g;
  IF ids IS NULL THEN RETURN 0; END IF;
  UPDATE public.audit_logs AS l SET ip_address = NULL
    FROM unnest(ids, fields) AS g (audit_id, field) WHERE g.field = '@ip' AND l.org_id = org AND l.id = g.audit_id;
  INSERT INTO public.audit_heads AS h (org_id, seq, updated_at) VALUES (org, 1, clock_timestamp())
    ON CONFLICT (org_id) DO UPDATE SET seq = h.seq + 1, updated_at = greatest(h.updated_at, clock_timestamp())
    RETURNING h.seq, h.updated_at INTO number, moment;
  WITH salted AS (
    SELECT v.field, v.after, uuid_send(gen_random_uuid()) AS salt
      FROM (VALUES ('reason', reason), ('@ip', origin ->> 'ip')) AS v (field, after) WHERE v.after IS NOT NULL
  )
  SELECT jsonb_object_agg(s.field, jsonb_build_object('after', s.after, 'salt', encode(s.salt, 'hex'), 'commitment', encode(sha256(
           s.salt || convert_to(format('[%s,null,%s]', to_json(s.field), to_json(s.after)), 'UTF8')), 'hex')))
    INTO told FROM salted AS s;
  INSERT INTO public.audit_logs (org_id, id, seq, change_id, actor_kind, user_id, api_key_id, action, entity_type, entity_id, entity_version,
                                 changes, ip_address, request_id, operation, created_at)
  SELECT org, fact, number, gen_random_uuid(),
         CASE WHEN origin ->> 'keyId' IS NOT NULL THEN 'API_KEY' WHEN origin ->> 'userId' IS NOT NULL THEN 'USER' ELSE 'SYSTEM' END,
         (origin ->> 'userId')::uuid, (origin ->> 'keyId')::uuid, 'ERASE_VALUES', subject ->> 'type', (subject ->> 'id')::uuid,
         (subject ->> 'version')::int,
         (SELECT jsonb_object_agg(t.key, t.value ->> 'commitment') FROM jsonb_each(told) AS t) || jsonb_build_object('@erased', (
           SELECT encode(sha256(convert_to(string_agg(g.audit_id || ' ' || g.field, E'\n' ORDER BY g.audit_id, g.field COLLATE "C"), 'UTF8')), 'hex')
             FROM unnest(ids, fields) AS g (audit_id, field))),
         (origin ->> 'ip')::inet, origin ->> 'requestId', origin ->> 'operation', moment;
  INSERT INTO public.audit_values (org_id, audit_id, field, after, salt)
    SELECT org, fact, t.key, t.value -> 'after', decode(t.value ->> 'salt', 'hex') FROM jsonb_each(told) AS t;
  INSERT INTO public.audit_erasures (org_id, audit_id, field, seq) SELECT org, g.audit_id, g.field, number FROM unnest(ids, fields) AS g (audit_id, field);
  RETURN cardinality(ids);
END $$;
REVOKE ALL ON FUNCTION audit.erase_values(jsonb, jsonb, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.erase_values(jsonb, jsonb, text, jsonb) TO {{app}};

-- Where every organization's chain stands, for whoever keeps that outside of the database: numbers and hashes, nothing else.
CREATE FUNCTION audit.heads() RETURNS TABLE (org_id uuid, seq bigint, hash bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.org_id, l.seq, l.hash FROM public.audit_heads AS h
    JOIN LATERAL (SELECT a.seq, a.hash FROM public.audit_logs AS a WHERE a.org_id = h.org_id ORDER BY a.seq DESC LIMIT 1) AS l ON true
   ORDER BY h.org_id
$$;
REVOKE ALL ON FUNCTION audit.heads() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.heads() TO {{worker}};

-- Removes the organizations whose day has come, one after the other, with every row of every table that has an organization, and their
-- jobs: new tables are found in the catalogue. Tables refer to each other, so what is still referred to is tried again once the others
-- are empty; when nothing goes any more, all of it stays and the error is told. Returns how many organizations went.
CREATE FUNCTION jobs.purge_organizations() RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org uuid;
  pending text[];
  stuck text[];
  tenant_table text;
  purged integer := 0;
BEGIN
  FOR org IN SELECT o.id FROM public.organizations AS o WHERE o.deletion_due_at <= now() ORDER BY o.id FOR UPDATE SKIP LOCKED LOOP
    SELECT array_agg(c.relname::text ORDER BY c.relname) INTO pending
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition;
    WHILE cardinality(pending) > 0 LOOP
      stuck := '{}';
      FOREACH tenant_table IN ARRAY pending LOOP
        BEGIN
          EXECUTE format('DELETE FROM public.%I WHERE org_id = $1', tenant_table) USING org;
        EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
          stuck := stuck || tenant_table;
        END;
      END LOOP;
      IF stuck = pending THEN
        RAISE EXCEPTION 'An organization cannot be removed: % refer to each other.', stuck;
      END IF;
      pending := stuck;
    END LOOP;
    DELETE FROM graphile_worker._private_jobs WHERE payload ->> 'orgId' = org::text;
    DELETE FROM public.organizations WHERE id = org;
    purged := purged + 1;
  END LOOP;
  RETURN purged;
END $$;
REVOKE ALL ON FUNCTION jobs.purge_organizations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.purge_organizations() TO {{worker}};

-- Removes what is over, some of it at a time, for all organizations: any worker, at any time. Returns how much went.
CREATE FUNCTION jobs.sweep() RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most CONSTANT integer := 10000;
  grace CONSTANT interval := interval '30 days';
  orgs uuid[];
  ids uuid[];
  kind record;
  gone integer;
  total integer := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7285733, 0) THEN RETURN 0; END IF;
  -- Sessions, each with the whole chain of its tokens: a token of a running session is kept, so that its theft is known as one.
  SELECT array_agg(over.org_id), array_agg(over.id) INTO orgs, ids
    FROM (SELECT s.org_id, s.id FROM public.sessions AS s
           WHERE least(s.ended_at, s.expires_at) < now() - grace LIMIT most / 100 FOR UPDATE SKIP LOCKED) AS over;
  DELETE FROM public.refresh_tokens AS t USING unnest(orgs, ids) AS over (org_id, id)
   WHERE t.org_id = over.org_id AND t.session_id = over.id;
  DELETE FROM public.sessions AS s USING unnest(orgs, ids) AS over (org_id, id) WHERE s.org_id = over.org_id AND s.id = over.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  -- Rows that end by themselves: a room that has some adds a line with the column of their end and how long they are kept after it.
  FOR kind IN SELECT * FROM (VALUES ('idempotency_keys', 'expires_at', interval '0'),
                                       ('registrations', 'expires_at', interval '7 days'),
                                       ('account_tokens', 'expires_at', interval '30 days'),
                                       ('reset_requests', 'created_at', interval '7 days'),
                                       ('subject_exports', 'expires_at', interval '0'),
                                       ('organization_exports', 'expires_at', interval '0'),
                                       ('retention_runs', 'finished_at', interval '90 days')) AS each (name, ends, kept) LOOP
    EXECUTE format('DELETE FROM public.%1$I WHERE ctid = ANY (ARRAY(
                      SELECT ctid FROM public.%1$I WHERE %2$I < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED))', kind.name, kind.ends)
      USING kind.kept, most;
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
  END LOOP;
  -- What a failed export had got to. Of those that have expired, the pieces go with them.
  DELETE FROM public.organization_export_parts AS p USING public.organization_exports AS e
   WHERE e.org_id = p.org_id AND e.id = p.export_id AND e.state = 'FAILED';
  -- Budgets nobody has used for a day are full again: as if they had never been.
  DELETE FROM throttle.budgets WHERE key = ANY (ARRAY(SELECT key FROM throttle.budgets WHERE at < now() - interval '1 day' LIMIT most));
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  -- Failed attempts of strangers: the newest of the last 30 days.
  DELETE FROM throttle.signin_failures WHERE id = ANY (ARRAY(
    SELECT id FROM throttle.signin_failures
     WHERE at < now() - grace OR id <= (SELECT id FROM throttle.signin_failures ORDER BY id DESC OFFSET 100000 LIMIT 1) LIMIT 20 * most));
  GET DIAGNOSTICS gone = ROW_COUNT;
  total := total + gone;
  -- Jobs that failed for the last time.
  DELETE FROM graphile_worker._private_jobs WHERE attempts >= max_attempts AND locked_by IS NULL AND run_at < now() - grace;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN total + gone;
END $$;
REVOKE ALL ON FUNCTION jobs.sweep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.sweep() TO {{worker}};

-- Retention (docs/decisions/0047-retention.md). A view for each table that a kind of rule reaches, called <kind>_<table>: since when its rows are
-- over, and what holds one back. Who previews, who counts and what removes read the same view. They are the owner's, and nobody reads them but
-- the functions below.
DROP SCHEMA IF EXISTS retention CASCADE;
CREATE SCHEMA retention;
GRANT USAGE ON SCHEMA retention TO {{app}};

-- What holds back what is about a person: a legal hold before a restriction.
CREATE FUNCTION retention.held_for(org uuid, contact uuid) RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM public.legal_holds AS h WHERE h.org_id = org AND h.contact_id = contact AND h.released_at IS NULL) THEN 'LEGAL_HOLD'
    WHEN EXISTS (SELECT FROM public.contacts AS c WHERE c.org_id = org AND c.id = contact AND c.restricted_at IS NOT NULL) THEN 'RESTRICTED' END
$$;
REVOKE ALL ON FUNCTION retention.held_for(uuid, uuid) FROM PUBLIC;
CREATE FUNCTION retention.has_open_deal(org uuid, contact uuid) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.deals AS d WHERE d.org_id = org AND d.contact_id = contact AND d.status = 'OPEN' AND d.deleted_at IS NULL)
$$;
REVOKE ALL ON FUNCTION retention.has_open_deal(uuid, uuid) FROM PUBLIC;

-- Leads with whom nothing has happened: nothing was changed, noted, planned, sold or agreed to. What was deleted since counts as something.
CREATE VIEW retention.inactive_leads_contacts AS
  SELECT c.org_id, c.id, greatest(c.created_at, c.updated_at, c.last_activity_at, about.at, deals.at, consents.at) AS since,
         coalesce(retention.held_for(c.org_id, c.id), CASE
           WHEN retention.has_open_deal(c.org_id, c.id) THEN 'OPEN_DEAL' WHEN c.gdpr_consent THEN 'CONSENT' END) AS held
    FROM public.contacts AS c
    CROSS JOIN LATERAL (SELECT max(greatest(a.created_at, a.updated_at, a.due_date, a.completed_at)) AS at
                          FROM public.activities AS a WHERE a.org_id = c.org_id AND a.contact_id = c.id) AS about
    CROSS JOIN LATERAL (SELECT max(greatest(d.created_at, d.updated_at, d.last_activity_at, theirs.at)) AS at
                          FROM public.deals AS d
                          CROSS JOIN LATERAL (SELECT max(greatest(a.created_at, a.updated_at, a.due_date, a.completed_at)) AS at
                                                FROM public.activities AS a WHERE a.org_id = d.org_id AND a.deal_id = d.id) AS theirs
                         WHERE d.org_id = c.org_id AND d.contact_id = c.id) AS deals
    CROSS JOIN LATERAL (SELECT max(e.created_at) AS at FROM public.consents AS e WHERE e.org_id = c.org_id AND e.contact_id = c.id) AS consents
   WHERE c.status = 'LEAD' AND c.deleted_at IS NULL AND c.erased_at IS NULL;

CREATE VIEW retention.deleted_records_activities AS
  SELECT a.org_id, a.id, a.deleted_at AS since,
         coalesce(retention.held_for(a.org_id, a.contact_id), retention.held_for(a.org_id, d.contact_id)) AS held
    FROM public.activities AS a LEFT JOIN public.deals AS d ON d.org_id = a.org_id AND d.id = a.deal_id WHERE a.deleted_at IS NOT NULL;
CREATE VIEW retention.deleted_records_deals AS
  SELECT d.org_id, d.id, d.deleted_at AS since, coalesce(retention.held_for(d.org_id, d.contact_id), CASE
           WHEN EXISTS (SELECT FROM public.activities AS a WHERE a.org_id = d.org_id AND a.deal_id = d.id) THEN 'IN_USE' END) AS held
    FROM public.deals AS d WHERE d.deleted_at IS NOT NULL;
CREATE VIEW retention.deleted_records_contacts AS
  SELECT c.org_id, c.id, c.deleted_at AS since,
         coalesce(retention.held_for(c.org_id, c.id), CASE WHEN retention.has_open_deal(c.org_id, c.id) THEN 'OPEN_DEAL' END) AS held
    FROM public.contacts AS c WHERE c.deleted_at IS NOT NULL AND c.erased_at IS NULL;
CREATE VIEW retention.deleted_records_companies AS
  SELECT c.org_id, c.id, c.deleted_at AS since, CASE
           WHEN EXISTS (SELECT FROM public.contacts AS t WHERE t.org_id = c.org_id AND t.company_id = c.id)
             OR EXISTS (SELECT FROM public.deals AS d WHERE d.org_id = c.org_id AND d.company_id = c.id)
             OR EXISTS (SELECT FROM public.companies AS o WHERE o.org_id = c.org_id AND o.merged_into = c.id) THEN 'IN_USE' END AS held
    FROM public.companies AS c WHERE c.deleted_at IS NOT NULL;

CREATE VIEW retention.sessions_sessions AS
  SELECT s.org_id, s.id, least(s.ended_at, s.expires_at) AS since, NULL::text AS held FROM public.sessions AS s;
CREATE VIEW retention.mails_invitations AS
  SELECT i.org_id, i.id, least(i.accepted_at, i.revoked_at, i.expires_at) AS since, NULL::text AS held FROM public.invitations AS i;
CREATE VIEW retention.mails_account_tokens AS
  SELECT t.org_id, t.id, least(t.used_at, t.voided_at, t.expires_at) AS since, NULL::text AS held FROM public.account_tokens AS t;
-- Jobs that failed for the last time. Their numbers as ids: everything here goes on behind an id.
CREATE VIEW retention.jobs_jobs AS
  SELECT (j.payload ->> 'orgId')::uuid AS org_id, lpad(to_hex(j.id), 32, '0')::uuid AS id, j.run_at AS since, NULL::text AS held
    FROM graphile_worker._private_jobs AS j WHERE j.attempts >= j.max_attempts AND j.locked_by IS NULL;

CREATE FUNCTION retention.view_of(kind text, of_table text) RETURNS text
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT format('retention.%I', lower(kind) || '_' || of_table) $$;
CREATE FUNCTION retention.cutoff(kind text, span integer) RETURNS timestamptz
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT now() - CASE kind WHEN 'INACTIVE_LEADS' THEN make_interval(months => span) ELSE make_interval(days => span) END
$$;

-- Rows of a table that are over by a rule of `kind` and `span`, in the order of their ids: those behind `behind`, or only some.
CREATE FUNCTION retention.due(kind text, span integer, of_table text, behind uuid, only_these uuid[], most integer)
  RETURNS TABLE (id uuid, since timestamptz, held text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT v.id, v.since, v.held FROM %s AS v WHERE v.org_id = $1 AND v.since < $2 AND ($3 IS NULL OR v.id > $3) AND ($4 IS NULL OR v.id = ANY ($4))
      ORDER BY v.id LIMIT $5', retention.view_of(kind, of_table))
    USING nullif(current_setting('app.org_id', true), '')::uuid, retention.cutoff(kind, span), behind, only_these, most;
END $$;

-- The same, counted by what holds them back.
CREATE FUNCTION retention.count_due(kind text, span integer, of_table text) RETURNS TABLE (held text, count integer)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT v.held, count(*)::int FROM %s AS v WHERE v.org_id = $1 AND v.since < $2 GROUP BY v.held ORDER BY v.held',
                              retention.view_of(kind, of_table))
    USING nullif(current_setting('app.org_id', true), '')::uuid, retention.cutoff(kind, span);
END $$;

-- Removes rows by a rule: only by one that is active, only rows that it reaches and nothing holds back, looked at once more behind their locks. Contacts
-- are not removed but erased. Answers what went, with the version that would have been next.
CREATE FUNCTION retention.remove(by_rule uuid, of_table text, ids uuid[]) RETURNS TABLE (id uuid, version integer)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  org CONSTANT uuid := nullif(current_setting('app.org_id', true), '')::uuid;
  rule public.retention_rules;
  chosen uuid[];
BEGIN
  SELECT r.* INTO rule FROM public.retention_rules AS r WHERE r.org_id = org AND r.id = by_rule AND r.state = 'ACTIVE';
  IF NOT FOUND OR of_table = 'contacts' THEN
    RAISE EXCEPTION 'Rows are removed by a rule that is active, and contacts are erased.';
  END IF;
  IF of_table <> 'jobs' THEN
    EXECUTE format('SELECT FROM public.%I AS t WHERE t.org_id = $1 AND t.id = ANY ($2) ORDER BY t.id FOR UPDATE', of_table) USING org, ids;
  END IF;
  SELECT array_agg(d.id) INTO chosen
    FROM retention.due(rule.kind::text, rule.span, of_table, NULL, ids, cardinality(ids)) AS d WHERE d.held IS NULL;
  IF of_table = 'jobs' THEN
    RETURN QUERY DELETE FROM graphile_worker._private_jobs AS j
      WHERE lpad(to_hex(j.id), 32, '0')::uuid = ANY (chosen) AND j.locked_by IS NULL RETURNING lpad(to_hex(j.id), 32, '0')::uuid, 1;
    RETURN;
  END IF;
  -- What has no meaning without its record.
  IF of_table = 'sessions' THEN
    DELETE FROM public.refresh_tokens AS t WHERE t.org_id = org AND t.session_id = ANY (chosen);
  ELSIF of_table = 'deals' THEN
    DELETE FROM public.deal_history AS h WHERE h.org_id = org AND h.deal_id = ANY (chosen);
  END IF;
  RETURN QUERY EXECUTE format('DELETE FROM public.%I AS t WHERE t.org_id = $1 AND t.id = ANY ($2)
                                RETURNING t.id, coalesce((to_jsonb(t) ->> ''version'')::int, 0) + 1', of_table) USING org, chosen;
END $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA retention FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention.due(text, integer, text, uuid, uuid[], integer), retention.count_due(text, integer, text),
  retention.remove(uuid, text, uuid[]) TO {{app}};

-- A job for each active rule that was not swept within a day: any worker, at any time. Returns how many.
CREATE FUNCTION jobs.plan_retention() RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(graphile_worker.add_job('retention', json_build_object('orgId', r.org_id, 'ruleId', r.id),
                                       job_key => r.org_id || ':retention:' || r.id, job_key_mode => 'preserve_run_at'))::int
    FROM public.retention_rules AS r
   WHERE r.state = 'ACTIVE' AND NOT EXISTS (SELECT FROM public.retention_runs AS n
           WHERE n.org_id = r.org_id AND n.rule_id = r.id AND n.finished_at > now() - interval '23 hours')
$$;
REVOKE ALL ON FUNCTION jobs.plan_retention() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.plan_retention() TO {{worker}};
