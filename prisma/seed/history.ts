import type { Client } from 'pg';

/**
 * The histories that the seeded records would have: each deal came in at the first stage of its pipeline, moved on stage
 * by stage until it entered the one it is in, was closed, and was deleted, as its own dates say.
 */
export async function insertHistories(client: Client, orgId: string): Promise<void> {
  await client.query(
    `INSERT INTO public.pipeline_history (org_id, id, pipeline_id, at, name, stages, is_deleted)
     SELECT org_id, md5('history ' || id)::uuid, id, created_at, name, stages, false FROM public.pipelines WHERE org_id = $1`,
    [orgId],
  );
  await client.query(
    `WITH steps AS (
       SELECT d.*, s.id AS passed, s.place = here.place AND d.status <> 'OPEN' AS last,
              CASE WHEN s.place = here.place THEN greatest(d.stage_entered_at, d.created_at)
                   ELSE d.created_at + (d.stage_entered_at - d.created_at) * (s.place - 1) / here.place END AS step_at
         FROM public.deals AS d
         JOIN public.pipeline_stages AS here ON here.org_id = d.org_id AND here.id = d.stage_id
         JOIN public.pipeline_stages AS s ON s.org_id = d.org_id AND s.pipeline_id = d.pipeline_id AND s.place <= here.place
        WHERE d.org_id = $1
     ), events AS (
       SELECT org_id, id, pipeline_id, passed AS stage_id, step_at AS at, 'OPEN'::public."DealStatus" AS status, false AS deleted, value, currency, owner_id FROM steps
       UNION ALL SELECT org_id, id, pipeline_id, stage_id, closed_at, status, false, value, currency, owner_id FROM steps WHERE last
       UNION ALL SELECT org_id, id, pipeline_id, stage_id, deleted_at, status, true, value, currency, owner_id FROM public.deals WHERE org_id = $1 AND deleted_at IS NOT NULL
     )
     INSERT INTO public.deal_history (org_id, id, deal_id, at, seq, pipeline_id, stage_id, status, value, currency, owner_id, is_deleted)
     SELECT org_id, md5(concat('history ', id, stage_id, status, deleted))::uuid, id, at, 0, pipeline_id, stage_id, status, value, currency, owner_id, deleted FROM events`,
    [orgId],
  );
}
