SELECT json_build_object('data', json_build_object('pipeline', json_build_object('stages', json_agg(stage.node ORDER BY stage.place))))::text AS answer
  FROM (
    SELECT s.place, json_build_object('id', s.id, 'name', s.name, 'deals', json_build_object(
             'totalCount', (SELECT count(*) FROM read.deals WHERE stage_id = s.id AND status = 'OPEN' AND deleted_at IS NULL),
             'nodes', coalesce(deals.list, '[]'))) AS node
      FROM read.pipeline_stages AS s
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object(
                 'id', d.id, 'title', d.title, 'value', d.value::text, 'currency', d.currency,
                 'owner', (SELECT json_build_object('id', u.id) FROM read.users AS u WHERE u.id = d.owner_id AND u.deleted_at IS NULL),
                 'contact', (SELECT json_build_object('id', p.id, 'firstName', p.first_name)
                               FROM read.contacts AS p WHERE p.id = d.contact_id AND p.deleted_at IS NULL),
                 'company', (SELECT json_build_object('id', c.id, 'name', c.name)
                               FROM read.companies AS c WHERE c.id = d.company_id AND c.deleted_at IS NULL))) AS list
          FROM (SELECT * FROM read.deals
                 WHERE stage_id = s.id AND status = 'OPEN' AND deleted_at IS NULL ORDER BY position, id LIMIT 20) AS d
      ) AS deals ON true
     WHERE s.pipeline_id = $1::uuid
  ) AS stage
