import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type pg from 'pg';
import { graph } from '../../src/domain/index.js';
import type { Execute } from '../../src/graphql/compiled/index.js';

/** Tables that the server writes and that no fact tells of, and why; of the others each change needs one. */
const UNTOLD: Record<string, string> = {
  idempotency_keys: 'remembers a request, and goes after a day',
  refresh_tokens: 'go on with a session, whose beginning and end are told',
  registrations: 'asked for by a visitor: the organization is not there yet',
  reset_requests: 'asked for by a visitor, in the name of nobody',
  account_tokens: 'a link that was asked for; what it is used for is told',
};

/** Columns that follow from something else, or say only when somebody was here last. */
const DERIVED: Record<string, readonly string[]> = {
  contacts: ['last_activity_at', 'gdpr_consent', 'gdpr_consent_at', 'gdpr_consent_source', 'gdpr_consent_text_version'],
  deals: ['last_activity_at', 'rots_at', 'position'],
  users: ['last_login_at'],
  api_keys: ['last_used_at'],
  sessions: ['last_used_at'],
  subject_exports: ['ready_at', 'json', 'html', 'expires_at'],
  retention_runs: ['step', 'last_id', 'examined', 'removed', 'skipped', 'held', 'error'],
  organization_exports: ['state', 'attempt', 'rows_done', 'rows_total', 'parts', 'size', 'finished_at', 'expires_at'],
};

/**
 * What is written with a record and told by the fact of that: a change of it needs a fact in its transaction, not one of its own.
 */
const FOLLOWING = ['pipeline_stages', 'deal_history', 'pipeline_history', 'erasures', 'sessions'];

/** Facts of something else than a change of the record they name; a stolen token ends its session while its request is refused. */
const BESIDE = ['ERASE_VALUES', 'RESTORE_BACKUP', 'TOKEN_THEFT', 'SIGN_IN_FAILED', 'DENIED'];

/** A mutation that was answered: how many of its root fields succeeded, and how many failed. */
interface Answered {
  requestId: string;
  succeeded: number;
  failed: number;
}

/** What has been seen of the mutations of a stage. */
export interface Witness {
  watched(make: (schema: GraphQLSchema) => Execute): (schema: GraphQLSchema) => Execute;
  /** @throws when something was changed without its one fact, or a fact tells of what did not happen. */
  check(client: pg.Client): Promise<void>;
}

/**
 * Has PostgreSQL write down every row that the server's role writes, and every fact, by transaction: by statement triggers of the tests
 * alone, whose rows go with the transaction when it is rolled back.
 *
 * @param client of the owner, who is not watched.
 */
export async function watchWrites(client: pg.Client, role: string): Promise<Witness> {
  await client.query(WATCH.replaceAll('{{role}}', role));
  const answers: Answered[] = [];
  return {
    watched: (make) => (schema) => {
      const execute = make(schema);
      return async (operation) => {
        const answer = await execute(operation);
        if (isMutation(operation.document)) answers.push(answeredOf(operation.context.requestId, answer));
        return answer;
      };
    },
    check: async (client) => {
      const faults = [...(await faultsOf(client)), ...(await failuresWithFacts(client, answers))];
      if (faults.length > 0)
        throw new Error(
          `What was changed and what facts tell differ ${faults.length} times. For example:\n${faults.slice(0, 20).join('\n')}`,
        );
    },
  };
}

const WATCH = `
  CREATE SCHEMA watch;
  CREATE UNLOGGED TABLE watch.writes (xid xid8, name text, operation text, id uuid, fields text[]);
  CREATE UNLOGGED TABLE watch.facts (xid xid8, change_id uuid, action text, type text, id uuid, request_id text);
  CREATE FUNCTION watch.write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF TG_OP = 'INSERT' THEN
      INSERT INTO watch.writes SELECT pg_current_xact_id(), TG_TABLE_NAME, TG_OP, n.id, NULL FROM new_rows AS n;
    ELSIF TG_OP = 'DELETE' THEN
      INSERT INTO watch.writes SELECT pg_current_xact_id(), TG_TABLE_NAME, TG_OP, o.id, NULL FROM old_rows AS o;
    ELSIF (SELECT count(*) FROM new_rows) > 2000 THEN
      -- Comparing so many rows would take longer than the statement; without fields each counts as changed.
      INSERT INTO watch.writes SELECT pg_current_xact_id(), TG_TABLE_NAME, TG_OP, n.id, NULL FROM new_rows AS n;
    ELSE
      INSERT INTO watch.writes SELECT pg_current_xact_id(), TG_TABLE_NAME, TG_OP, n.id, changed.fields
        FROM old_rows AS o JOIN new_rows AS n USING (id)
        CROSS JOIN LATERAL (
          SELECT array_agg(after.key) AS fields FROM jsonb_each(to_jsonb(n)) AS after JOIN jsonb_each(to_jsonb(o)) AS before USING (key)
           WHERE after.value <> before.value AND after.key <> 'updated_at') AS changed
        WHERE changed.fields IS NOT NULL;
    END IF;
    RETURN NULL;
  END $$;
  CREATE FUNCTION watch.fact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO watch.facts SELECT pg_current_xact_id(), change_id, action, entity_type, entity_id, request_id FROM new_rows;
    RETURN NULL;
  END $$;
  DO $watch$
  DECLARE
    watched text;
    operation text;
  BEGIN
    FOR watched IN SELECT table_name FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
                    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = 'id' AND table_name NOT IN ('audit_logs', '_prisma_migrations') LOOP
      FOREACH operation IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
        EXECUTE format('CREATE TRIGGER watch_%s AFTER %s ON public.%I REFERENCING %s FOR EACH STATEMENT WHEN (session_user = %L) EXECUTE FUNCTION watch.write()',
          lower(operation), operation, watched, CASE operation WHEN 'INSERT' THEN 'NEW TABLE AS new_rows'
            WHEN 'DELETE' THEN 'OLD TABLE AS old_rows' ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END, '{{role}}');
      END LOOP;
    END LOOP;
    EXECUTE format('CREATE TRIGGER watch_fact AFTER INSERT ON public.audit_logs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (session_user = %L)
                    EXECUTE FUNCTION watch.fact()', '{{role}}');
  END $watch$;`;

/** Records by their table; what only follows has no facts of its own. */
function recordTypes(): [string, string][] {
  return [...graph.values()].filter(({ table }) => !FOLLOWING.includes(table)).map(({ table, type }) => [table, type]);
}

async function faultsOf(client: pg.Client): Promise<string[]> {
  const types = recordTypes();
  const { rows } = await client.query<{ fault: string }>(
    `WITH derived AS (SELECT key AS name, value AS fields FROM jsonb_each($1::jsonb)),
     changed AS MATERIALIZED (
       SELECT w.xid, w.name, w.id, string_agg(DISTINCT w.operation, ' ') AS operations, array_agg(DISTINCT f) AS fields
         FROM watch.writes AS w LEFT JOIN LATERAL unnest(w.fields) AS f ON true
        WHERE w.name <> ALL ($2)
          -- Columns of sortable custom fields follow from custom_fields.
          AND (w.fields IS NULL OR f !~ '^custom_(text|number|date)_' AND NOT EXISTS (SELECT FROM derived AS d WHERE d.name = w.name AND d.fields ? f))
        GROUP BY w.xid, w.name, w.id
     ),
     told AS (SELECT xid, type, id, count(*) AS times, string_agg(action, ' ') AS actions FROM watch.facts
               WHERE action <> ALL ($3) GROUP BY xid, type, id),
     records AS (SELECT * FROM unnest($4::text[], $5::text[]) AS r (name, type))
     SELECT format('%s %s (%s) has %s facts (%s)', c.operations, r.type, array_to_string(c.fields, ', '), coalesce(t.times, 0), t.actions) AS fault
       FROM changed AS c JOIN records AS r USING (name) LEFT JOIN told AS t ON t.xid = c.xid AND t.type = r.type AND t.id = c.id
      WHERE t.times IS DISTINCT FROM 1
     UNION ALL
     SELECT format('%s %s (%s) has no fact in its transaction', c.operations, c.name, array_to_string(c.fields, ', '))
       FROM changed AS c LEFT JOIN records AS r USING (name)
      WHERE r.name IS NULL AND NOT EXISTS (SELECT FROM watch.facts AS f WHERE f.xid = c.xid)
     UNION ALL
     SELECT format('%s of %s tells of a change that was not made', t.actions, t.type)
       FROM told AS t LEFT JOIN records AS r USING (type)
      WHERE NOT EXISTS (SELECT FROM changed AS c WHERE c.xid = t.xid AND c.id = t.id AND (c.name = r.name OR r.name IS NULL))`,
    [JSON.stringify(DERIVED), Object.keys(UNTOLD), BESIDE, types.map(([table]) => table), types.map(([, type]) => type)],
  );
  return rows.map(({ fault }) => fault);
}

/** Mutations with more changes than root fields that succeeded. */
async function failuresWithFacts(client: pg.Client, answers: readonly Answered[]): Promise<string[]> {
  const failed = answers.filter((each) => each.failed > 0);
  const { rows } = await client.query<{ fault: string }>(
    `SELECT format('request %s failed in %s root fields, succeeded in %s, and made %s changes: %s',
                   a.request_id, a.failed, a.succeeded, count(DISTINCT f.change_id), string_agg(DISTINCT f.action || ' ' || f.type, ', ')) AS fault
       FROM unnest($1::text[], $2::int[], $3::int[]) AS a (request_id, succeeded, failed) JOIN watch.facts AS f USING (request_id)
      WHERE f.action <> ALL ($4)
      GROUP BY a.request_id, a.succeeded, a.failed HAVING count(DISTINCT f.change_id) > a.succeeded`,
    [failed.map((each) => each.requestId), failed.map((each) => each.succeeded), failed.map((each) => each.failed), BESIDE],
  );
  return rows.map(({ fault }) => fault);
}

function isMutation({ definitions }: DocumentNode): boolean {
  return definitions.some((part) => 'operation' in part && String(part.operation) === 'mutation');
}

/** A root field has failed when the error is its own, and not one of its payload. */
function answeredOf(requestId: string, { data, errors = [] }: ExecutionResult): Answered {
  const failed = new Set(errors.filter(({ path }) => path?.length === 1).map(({ path }) => path?.[0])).size;
  return { requestId, failed, succeeded: Object.keys(data ?? {}).length - failed };
}
