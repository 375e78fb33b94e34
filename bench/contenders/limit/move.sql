WITH moved AS (
  UPDATE public.deals SET stage_id = $2::uuid WHERE id = $1::uuid AND org_id = (SELECT id FROM read.organizations) RETURNING id, stage_id
)
SELECT json_build_object('data', json_build_object('deal', json_build_object('id', id, 'stage', json_build_object('id', stage_id))))::text AS answer FROM moved
