import { randomUUID } from 'node:crypto';
import { withClient } from './database.mjs';

/** An organization of its own with this many facts of two values each, chained by the database's trigger. @returns its id. */
export async function fillChain(ownerUrl, facts) {
  const orgId = randomUUID();
  await withClient(ownerUrl, async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO public.organizations (id, name, slug) VALUES ($1, $2, $2)', [orgId, `chain-${orgId}`]);
    await client.query(PIPELINE, [orgId]);
    await client.query(
      'CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, gen_random_uuid() AS id FROM generate_series(1, $1::int) AS n',
      [facts],
    );
    await client.query(VALUES, [orgId]);
    await client.query('CREATE INDEX ON told (audit_id)');
    await client.query('ANALYZE told');
    await client.query(FACTS, [orgId]);
    await client.query(
      'INSERT INTO public.audit_values SELECT (v).* FROM (SELECT jsonb_populate_record(null::public.audit_values, to_jsonb(t)) AS v FROM told AS t) AS all_told',
    );
    await client.query('INSERT INTO public.audit_heads (org_id, seq, updated_at) VALUES ($1, $2, now())', [orgId, facts]);
    await client.query('COMMIT');
    await client.query('VACUUM ANALYZE public.audit_logs, public.audit_values');
  });
  return orgId;
}

/** Every organization has a default pipeline. */
const PIPELINE = `
  INSERT INTO public.pipelines (org_id, id, name, is_default, stages)
  VALUES ($1, gen_random_uuid(), 'Sales', true,
          jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'name', 'New', 'probability', 10)))`;

/** Two values a fact, with the commitments that src/db/chain/commitment.ts makes of them. */
const VALUES = `
  CREATE TEMP TABLE told ON COMMIT DROP AS
  SELECT $1::uuid AS org_id, m.id AS audit_id, f.field, to_jsonb('before ' || m.n) AS before, to_jsonb(repeat('after ', 8) || m.n) AS after,
         uuid_send(gen_random_uuid()) AS salt
    FROM made AS m CROSS JOIN (VALUES ('title'), ('notes')) AS f (field)`;

const FACTS = `
  INSERT INTO public.audit_logs (org_id, id, seq, change_id, actor_kind, action, entity_type, entity_id, entity_version, changes, created_at)
  SELECT $1, m.id, m.n, gen_random_uuid(), 'SYSTEM', 'UPDATE', 'Deal', gen_random_uuid(), 1,
         (SELECT jsonb_object_agg(t.field, encode(sha256(t.salt || convert_to(format('[%s,%s,%s]', to_json(t.field), t.before, t.after), 'UTF8')), 'hex'))
            FROM told AS t WHERE t.audit_id = m.id), now()
    FROM made AS m ORDER BY m.n`;
