// Somebody of whom much is known: activities with texts, each with the fact of its making and the values that fact tells.
import { withClient } from './database.mjs';

/** Makes the activities of a contact with their facts, as the API would write them, in one go; the database's own triggers do the rest. */
export async function makeBusy(ownerUrl, contactId, activities) {
  await withClient(ownerUrl, async (client) => {
    await client.query(ACTIVITIES, [contactId, activities]);
    await client.query(FACTS, [contactId]);
    await client.query(VALUES, [contactId]);
    await client.query('ANALYZE public.activities, public.audit_logs, public.audit_values, public.search_notes');
  });
}

const ACTIVITIES = `
  INSERT INTO public.activities (org_id, id, user_id, owner_id, contact_id, type, subject, description)
  SELECT c.org_id, gen_random_uuid(), u.id, u.id, c.id, 'NOTE', 'Talk number ' || n, 'What was said about offer ' || n || ': ' || repeat('price, quantity and delivery. ', 4)
    FROM public.contacts AS c JOIN LATERAL (SELECT id FROM public.users AS u WHERE u.org_id = c.org_id LIMIT 1) AS u ON true, generate_series(1, $2::int) AS n
   WHERE c.id = $1`;

/** A value's salt follows from its row here, so that fact and value can be written apart. */
const TOLD = `
  SELECT a.org_id, a.id, told.field, told.after, sha256(convert_to(a.id || told.field, 'UTF8')) AS salt
    FROM public.activities AS a
    CROSS JOIN LATERAL (VALUES ('subject', a.subject), ('description', a.description)) AS told (field, after)
   WHERE a.contact_id = $1`;

const FACTS = `
  WITH told AS (${TOLD}), counted AS (
    SELECT org_id, id, row_number() OVER (ORDER BY id) AS n,
           jsonb_object_agg(field, encode(sha256(salt || convert_to(format('[%s,null,%s]', to_json(field), to_json(after)), 'UTF8')), 'hex')) AS changes
      FROM told GROUP BY org_id, id
  ), head AS (
    UPDATE public.audit_heads AS h SET seq = h.seq + (SELECT count(*) FROM counted), updated_at = greatest(h.updated_at, clock_timestamp())
     WHERE h.org_id = (SELECT org_id FROM public.contacts WHERE id = $1) RETURNING h.seq - (SELECT count(*) FROM counted) AS base, h.updated_at AS at
  )
  INSERT INTO public.audit_logs (org_id, id, seq, change_id, actor_kind, action, entity_type, entity_id, entity_version, changes, created_at)
  SELECT c.org_id, gen_random_uuid(), head.base + c.n, gen_random_uuid(), 'SYSTEM', 'CREATE', 'Activity', c.id, 1, c.changes, head.at
    FROM counted AS c, head ORDER BY c.n`;

const VALUES = `
  INSERT INTO public.audit_values (org_id, audit_id, field, after, salt)
  SELECT told.org_id, l.id, told.field, to_jsonb(told.after), told.salt
    FROM (${TOLD}) AS told JOIN public.audit_logs AS l ON l.org_id = told.org_id AND l.entity_type = 'Activity' AND l.entity_id = told.id`;
