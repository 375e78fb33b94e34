-- The whole answer as one JSON text, over the views that Pulse reads through. Nothing here is general: it is what the
-- graph costs when PostgreSQL does everything and the server does nothing.
SELECT json_build_object('data', json_build_object('deals', json_build_object(
         'nodes', coalesce(json_agg(answered.node ORDER BY answered.place) FILTER (WHERE answered.place <= 50), '[]'),
         'pageInfo', json_build_object(
           'hasNextPage', count(*) > 50,
           'endCursor', max(answered.cursor) FILTER (WHERE answered.place = least(50, answered.rows))))))::text AS answer
  FROM (
    SELECT deal.place, deal.rows, deal.created_at || ' ' || deal.id AS cursor,
           json_build_object(
             'id', deal.id, 'title', deal.title, 'value', deal.value::text,
             'stage', json_build_object('id', stage.id, 'name', stage.name),
             'contact', CASE WHEN contact.id IS NOT NULL THEN json_build_object(
               'id', contact.id, 'firstName', contact.first_name,
               'company', CASE WHEN company.id IS NOT NULL THEN json_build_object('id', company.id, 'name', company.name) END) END,
             'owner', CASE WHEN owner.id IS NOT NULL THEN json_build_object('id', owner.id) END,
             'activities', json_build_object('nodes', coalesce(latest.list, '[]'))) AS node
      FROM (
        SELECT page.*, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place, count(*) OVER () AS rows
          FROM (SELECT id, created_at, title, value, stage_id, contact_id, owner_id
                  FROM read.deals
                 WHERE deleted_at IS NULL
                 ORDER BY created_at DESC, id DESC
                 LIMIT 51) AS page
      ) AS deal
      JOIN read.pipeline_stages AS stage ON stage.id = deal.stage_id
      LEFT JOIN read.contacts AS contact ON contact.id = deal.contact_id AND contact.deleted_at IS NULL
      LEFT JOIN read.companies AS company ON company.id = contact.company_id AND company.deleted_at IS NULL
      LEFT JOIN read.users AS owner ON owner.id = deal.owner_id AND owner.deleted_at IS NULL
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', activity.id, 'subject', activity.subject)) AS list
          FROM (SELECT id, subject
                  FROM read.activities
                 WHERE deal_id = deal.id AND deleted_at IS NULL
                 ORDER BY created_at DESC, id DESC
                 LIMIT 5) AS activity
      ) AS latest ON true
  ) AS answered
